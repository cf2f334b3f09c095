"""A broker on which three messages of the news queue are dead letters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager

from services.common.broker.open import open_broker
from services.common.broker.port import Broker, OutgoingMessage
from services.common.broker.topology import NEWS_ARTICLE, RAW_NEWS_DATA
from services.common.clock import SystemClock
from services.common.settings.settings import Settings
from tests.support.waiting import eventually

BODIES = {"one": b'{"odd": "\x1b[2J"}', "two": b"not json", "": b"without an id"}
"""By message id."""


@contextmanager
def with_dead_letters(settings: Settings, bodies: Mapping[str, bytes] = BODIES) -> Iterator[Broker]:
    """The broker of these settings, with messages of these ids and bodies among its dead letters."""
    with closing(open_broker(settings, SystemClock())) as opened:
        opened.start()
        opened.publish([OutgoingMessage(NEWS_ARTICLE, body, name) for name, body in bodies.items()])
        subscription = opened.subscribe(RAW_NEWS_DATA.name, len(bodies))
        taken = 0
        while taken < len(bodies):
            for delivery in subscription.receive(10, 5.0):
                subscription.dead_letter(delivery, f"cannot be read: {delivery.message_id!r}")
                taken += 1
        subscription.close()
        wait_for_dead_letters(opened, len(bodies))
        yield opened


def wait_for_dead_letters(broker: Broker, count: int) -> None:
    """Wait until so many messages of the news queue are dead letters.

    RabbitMQ puts back what a process left unsettled only after the process has ended.
    """

    def ready() -> int:
        name = RAW_NEWS_DATA.dead_letter_name
        return sum(state.ready for state in broker.queues() if state.name == name)

    eventually(lambda: ready() == count, f"{count} are among the dead letters")
