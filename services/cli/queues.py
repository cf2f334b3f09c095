"""`cryptoboy queues`: shows the length and the rates of each queue."""

from __future__ import annotations

import typer

from services.cli.dlq import dlq_app
from services.cli.support.answers import print_json
from services.cli.support.options import OF_BROKER, Broker, Json, settings_for
from services.cli.views.queues import show_queues
from services.operations.connections import connected_broker
from services.operations.queues.report import read_queues

queues_app = typer.Typer(invoke_without_command=True)
queues_app.add_typer(dlq_app, name="dlq")


@queues_app.callback()
def queues(context: typer.Context, json_output: Json = False, broker: Broker = None) -> None:
    """Show depth, consumers, rates, unacknowledged messages and age of every queue, dead letters included.

    On RabbitMQ, rates and unacknowledged messages come from its management API and are left out if that does not
    answer; on the embedded broker they are counted for one second. RabbitMQ does not report the age of a message, so
    the age of the oldest message is estimated from the numbers of messages published in each minute of the last
    hour (~3600 s means an hour or more). Dead letters have no such estimate.

    Example: ./cryptoboy queues --json
    """
    if context.invoked_subcommand is not None:
        return
    settings = settings_for(broker, uses=OF_BROKER)
    with connected_broker(settings) as connection:
        reports = read_queues(connection, settings)
    if json_output:
        print_json(reports)
    else:
        show_queues(reports, settings.broker)
