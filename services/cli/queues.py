"""`cryptoboy queues`: what each queue holds."""

from __future__ import annotations

import json
from dataclasses import asdict

import typer
from rich.box import SIMPLE
from rich.table import Column, Table

from services.cli.dlq import dlq_app
from services.cli.support.answers import answer_console
from services.cli.support.options import OF_BROKER, Broker, Json, broker_hint, next_step, settings_for
from services.common.broker.port import QueueState
from services.common.clock import SystemClock
from services.common.settings.settings import BrokerKind, Settings
from services.operations.queue_rates import Rates, read_rates, watch_embedded

queues_app = typer.Typer(invoke_without_command=True)
queues_app.add_typer(dlq_app, name="dlq")


@queues_app.callback()
def queues(context: typer.Context, json_output: Json = False, broker: Broker = None) -> None:
    """Show every queue, dead letters included: depth, consumers, rates, unacknowledged, oldest.

    On RabbitMQ rates and unacknowledged messages come from its management API and are left out where that does
    not answer; on the embedded broker rates are those of the second for which this looks. RabbitMQ does not tell
    how old a message is, so the oldest one's age is reckoned from what was published in each minute of the last
    hour (~3600 s: an hour or more), and left out for dead letters.

    Example: ./cryptoboy queues --json
    """
    if context.invoked_subcommand is not None:
        return
    settings = settings_for(broker, uses=OF_BROKER)
    states = _states(settings)
    if settings.broker is BrokerKind.RABBITMQ:
        rates = read_rates(settings)
    else:
        rates = watch_embedded(settings, [state.name for state in states])
    rows = [(state, rates.get(state.name, Rates())) for state in states]
    if json_output:
        print(json.dumps([_as_json(state, rate) for state, rate in rows]))
        return
    table = Table(
        Column("queue", no_wrap=True), "type", "ready", "held", "readers", *(("in/s", "out/s") if rates else ()), "age",
        title=f"Queues ({settings.broker.value})",
        box=SIMPLE,
        padding=(0, 1, 0, 0),
    )  # fmt: skip
    for state, rate in rows:
        row = _as_json(state, rate)
        table.add_row(
            state.name,
            state.kind,
            str(state.ready),
            _or_blank(row["unacknowledged"], "d"),
            str(state.consumers),
            *((_or_blank(rate.incoming, ".1f"), _or_blank(rate.outgoing, ".1f")) if rates else ()),
            _age(state, rate),
        )
    answer_console().print(table)


def _age(state: QueueState, rate: Rates) -> str:
    if state.oldest_seconds is not None:
        return f"{state.oldest_seconds:.0f} s"
    return "" if rate.oldest_seconds is None else f"~{rate.oldest_seconds:.0f} s"


def _as_json(state: QueueState, rate: Rates) -> dict[str, str | float | int | None]:
    row = asdict(state)
    if row["unacknowledged"] is None:
        row["unacknowledged"] = rate.unacknowledged
    if row["oldest_seconds"] is None:
        row["oldest_seconds"] = rate.oldest_seconds
    return {**row, "incoming_per_second": rate.incoming, "outgoing_per_second": rate.outgoing}


def _or_blank(value: object, spec: str) -> str:
    return "" if value is None else format(value, spec)


def _states(settings: Settings) -> list[QueueState]:
    from services.common.broker.open import open_broker

    connection = open_broker(settings, SystemClock())
    try:
        with next_step(broker_hint(settings)):
            connection.start()
            return connection.queues()
    finally:
        connection.close()
