"""Options that several commands have."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from services.common.errors import StopProgram, TryLater
from services.common.settings import BrokerKind, ScorerKind, Settings
from services.common.values import check_pair, split_pairs

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
    try:
        return tuple(check_pair(name) for name in split_pairs(" ".join(given or ())))
    except ValueError as error:
        raise StopProgram(str(error)) from None


def settings_for(broker: BrokerKind | None = None) -> Settings:
    """The settings of this machine, for every command the same: see `choose_parts`. Raises StopProgram."""
    return choose_parts(Settings.load(), broker)


def choose_parts(settings: Settings, broker: BrokerKind | None) -> Settings:
    """BROKER is embedded where it is unset; the scorer is the lexicon where it is unset and BROKER is not rabbitmq.

    So `queues` looks at what `up` runs, `doctor` checks it, and `score` asks the scorer that it uses. `broker` is
    what the command line names; it does not touch the scorer. A service by itself has other defaults: those of
    the settings.
    """
    given = settings.model_fields_set
    configured = settings.broker if "broker" in given else BrokerKind.EMBEDDED
    changes: dict[str, Any] = {"broker": broker or configured}
    if configured is BrokerKind.EMBEDDED and "sentiment_scorer" not in given:
        changes["sentiment_scorer"] = ScorerKind.LEXICON
    return settings.changed(**changes)


SCORER_HINT = "./cryptoboy doctor says how to mend it; --scorer lexicon needs no server"


def broker_hint(settings: Settings) -> str:
    """What to do when the broker does not answer: `up` starts the embedded one, and no RabbitMQ."""
    if settings.broker is BrokerKind.EMBEDDED:
        starts = "./cryptoboy up starts everything on this machine"
    else:
        starts = (
            "docker compose up -d starts RabbitMQ and Redis on this machine; --broker embedded needs neither"
        )
    return f"./cryptoboy doctor says what is missing; {starts}"


def store_hint(settings: Settings) -> str:
    """What to do when Redis does not answer: `up` starts the embedded one, and no other."""
    embedded = settings.broker is BrokerKind.EMBEDDED
    starts = "./cryptoboy up" if embedded else "With BROKER=rabbitmq, docker compose up -d"
    return (
        f"Is the system running? {starts} starts it; for a Redis elsewhere set REDIS_HOST, REDIS_PORT and "
        "REDIS_PASSWORD"
    )


@contextmanager
def next_step(hint: str) -> Iterator[None]:
    """Adds what a person can do to a TryLater that is raised within."""
    try:
        yield
    except TryLater as error:
        raise TryLater(f"{str(error).rstrip('.')}. {hint}.", after=error.after) from error
