"""`cryptoboy queues`: what each queue holds."""

from __future__ import annotations

import json
from dataclasses import asdict

from rich.console import Console
from rich.table import Table

from services.cli.options import Broker, Json, settings_for
from services.common.clock import SystemClock
from services.common.errors import TryLater
from services.common.settings import BrokerKind


def queues(json_output: Json = False, broker: Broker = None) -> None:
    """Show the depth and the consumers of every queue, dead letters included.

    Example: ./cryptoboy queues --json
    """
    from services.common.broker.open import open_broker

    settings = settings_for(broker)
    connection = open_broker(settings, SystemClock())
    try:
        connection.start()
        states = connection.queues()
    except TryLater as error:
        hint = "./cryptoboy doctor says what is missing"
        if settings.broker is BrokerKind.RABBITMQ:
            hint += "; for the embedded broker add --broker embedded"
        raise TryLater(f"{error}. {hint}.") from error
    finally:
        connection.close()
    if json_output:
        print(json.dumps([asdict(state) for state in states]))
        return
    table = Table(
        "queue", "type", "ready", "unacknowledged", "consumers", title=f"Queues ({settings.broker.value})"
    )
    for state in states:
        handed_out = "" if state.unacknowledged is None else str(state.unacknowledged)
        table.add_row(state.name, state.kind, str(state.ready), handed_out, str(state.consumers))
    Console().print(table)
