"""Connections for one operation. If a server does not answer, the error names the next step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from services.common.broker.open import open_broker
from services.common.broker.port import Broker
from services.common.clock import SystemClock
from services.common.errors import StopProgram, TryLater
from services.common.history.port import HistoryReader
from services.common.network.compose_names import explain_compose_name
from services.common.settings.folders import PROJECT_ROOT
from services.common.settings.settings import BrokerKind, Settings
from services.common.store.embedded.access import socket_in_checkout
from services.common.store.open import open_store
from services.common.store.port import SentimentStore

HISTORY_HINT = (
    "history_recorder writes the history: ./cryptoboy up starts it. STATE_DIR or HISTORY_URL names the history of a "
    "system elsewhere"
)


@contextmanager
def connected_broker(settings: Settings) -> Iterator[Broker]:
    """Yield a started broker and close it at the end. A TryLater raised in the block is extended by the next step."""
    with closing(open_broker(settings, SystemClock())) as broker, next_step(broker_hint(settings)):
        broker.start()
        yield broker


@contextmanager
def connected_store(settings: Settings) -> Iterator[SentimentStore]:
    """Yield the store and close it at the end. A TryLater raised in the block is extended by the next step."""
    with closing(open_store(settings)) as store, next_step(store_hint(settings)):
        yield store


@contextmanager
def connected_history(settings: Settings) -> Iterator[HistoryReader]:
    """Yield a reader of the history and close it at the end. A TryLater is extended by the next step.

    Raises:
        StopProgram: nothing was ever recorded; the message says what records.
    """
    from services.common.history.open import open_reader  # needs the extra `serve`

    with closing(open_reader(settings)) as history, next_step(HISTORY_HINT):
        if history.seqs() == (0, 0):
            place = (
                "in the history of HISTORY_URL"
                if settings.history_url
                else f"in {settings.state_dir.resolve()}"
            )
            raise StopProgram(f"nothing is recorded {place} yet. {HISTORY_HINT}.")
        yield history


def broker_hint(settings: Settings) -> str:
    """What to do when the broker does not answer: `up` starts the embedded broker, but not RabbitMQ."""
    if settings.broker is BrokerKind.EMBEDDED:
        starts = "./cryptoboy up starts everything on this machine"
    else:
        starts = explain_compose_name("RABBITMQ_HOST", settings.rabbitmq_host) or (
            "docker compose up -d starts RabbitMQ and Redis on this machine; --broker embedded needs neither"
        )
    return f"./cryptoboy doctor says what is missing; {starts}"


def store_hint(settings: Settings) -> str:
    """What to do when Redis does not answer: `up` starts the embedded Redis, but no other."""
    if why := explain_compose_name("REDIS_HOST", settings.redis_host):
        return why
    if path := socket_in_checkout(settings, PROJECT_ROOT):
        # STATE_DIR is `var` of the folder in which a command is typed.
        return (
            f"A system runs in {PROJECT_ROOT} (its socket is {path}): run this command in that folder, or set "
            f"STATE_DIR={PROJECT_ROOT / 'var'}"
        )
    embedded = settings.broker is BrokerKind.EMBEDDED
    starts = "./cryptoboy up" if embedded else "With BROKER=rabbitmq, docker compose up -d"
    return (
        f"Is the system running? {starts} starts it; for a Redis elsewhere set REDIS_HOST, REDIS_PORT and "
        "REDIS_PASSWORD"
    )


@contextmanager
def next_step(hint: str) -> Iterator[None]:
    """Append `hint`, which says what a person can do, to the message of a TryLater raised in the block."""
    try:
        yield
    except TryLater as error:
        raise TryLater(f"{str(error).rstrip('.')}. {hint}.", after=error.after) from error
