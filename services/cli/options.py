"""Options that several commands have."""

from __future__ import annotations

from typing import Annotated

import typer

from services.common.errors import StopProgram
from services.common.settings import BrokerKind, Settings
from services.common.values import check_pair

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object for programs as the last line.")]
Broker = Annotated[
    BrokerKind | None, typer.Option("--broker", help="embedded, or rabbitmq with RABBITMQ_* and REDIS_*.")
]
Pairs = Annotated[
    list[str] | None,
    typer.Option(
        "--pairs", "-p", help="Such as BTC/USDT,ETH/USDT. Default: TRADING_PAIRS.", show_default=False
    ),
]


def read_pairs(given: list[str] | None) -> tuple[str, ...]:
    """The pairs of the command line, each once, separated by commas or spaces. Raises StopProgram."""
    names = (name for some in given or () for name in some.replace(",", " ").split())
    try:
        return tuple(dict.fromkeys(check_pair(name) for name in names))
    except ValueError as error:
        raise StopProgram(str(error)) from None


def settings_for(broker: BrokerKind | None) -> Settings:
    """The settings of this machine, with the broker of the command line if it names one. Raises StopProgram."""
    settings = Settings.load()
    return settings if broker is None else settings.changed(broker=broker)
