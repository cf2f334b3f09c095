"""Options that several commands have."""

from __future__ import annotations

from typing import Annotated

import typer

from services.common.settings import BrokerKind, Settings

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object for programs as the last line.")]
Broker = Annotated[
    BrokerKind | None, typer.Option("--broker", help="embedded, or rabbitmq with RABBITMQ_* and REDIS_*.")
]


def settings_for(broker: BrokerKind | None) -> Settings:
    """The settings of this machine, with the broker of the command line if it names one. Raises StopProgram."""
    settings = Settings.load()
    return settings if broker is None else settings.changed(broker=broker)
