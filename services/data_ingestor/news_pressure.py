"""Back-pressure: how full the news queue is, and how much slower the poller goes for it.

While the queue is long nothing more is put into it: articles wait in the state file, on the disk, and the
sources are read less often. So neither the broker nor this process grows with what the scorer cannot take.
"""

from __future__ import annotations

import structlog

from services.common.broker.port import Broker
from services.common.broker.topology import RAW_NEWS_DATA
from services.common.errors import TryLater
from services.common.health import DependencyHealth
from services.common.metrics import BACK_PRESSURE, NEWS_QUEUE_LENGTH, QUEUE_CONSUMERS, QUEUE_MESSAGES

LOOK_SECONDS = 1.0
MOST_STRETCHED = 4.0

log = structlog.get_logger(__name__)


def stretch(length: int, slow_at: int) -> float:
    """By how much the pause between two polls grows: 1 below `slow_at`, 2 there, up to 4.

    No more than that, for a feed forgets what has been in it too long, and nobody has read it then.
    """
    return min(1.0 + length / slow_at, MOST_STRETCHED) if length >= slow_at else 1.0


class QueuePressure:
    """The length of the news queue, asked for at most once a second.

    One thread looks, others may read.

    Args:
        broker: whose queue it is.
        slow_at: NEWS_QUEUE_SLOW_AT, in messages.
    """

    def __init__(self, broker: Broker, slow_at: int) -> None:
        self._broker = broker
        self._slow_at = slow_at
        self._looked: float | None = None
        self._length = 0

    def look(self, monotonic: float) -> bool:
        """Whether the queue is long: ask for it if the last answer is old. Raises nothing.

        A broker that is away, or that does not let us ask, leaves the last answer as it is.
        """
        if self._looked is None or monotonic - self._looked >= LOOK_SECONDS:
            self._looked = monotonic
            self._take(self._ask())
        return self.is_long

    @property
    def is_long(self) -> bool:
        """As of the last look."""
        return self._length >= self._slow_at

    def stretch(self, waiting: int) -> float:
        """See `stretch`, for the queue together with the articles that wait to get into it."""
        return stretch(self._length + waiting, self._slow_at)

    def health(self) -> DependencyHealth:
        """The length for `/health`; a long queue is the scorer's trouble, so the poller still works."""
        slower = "; the poller slows down" if self.is_long else ""
        detail = f"{self._length} messages in {RAW_NEWS_DATA.name}, long from {self._slow_at}{slower}"
        return DependencyHealth(ok=not self.is_long, detail=detail, required=False)

    def _ask(self) -> int:
        if not self._broker.health().ok:
            return self._length
        try:
            states = self._broker.queues()
        except TryLater:
            return self._length  # publishing will meet the same trouble, and say so
        for each in states:
            QUEUE_MESSAGES.labels(each.name).set(each.ready)
            QUEUE_CONSUMERS.labels(each.name).set(each.consumers)
        return next((each.ready for each in states if each.name == RAW_NEWS_DATA.name), 0)

    def _take(self, length: int) -> None:
        was_long, self._length = self.is_long, length
        NEWS_QUEUE_LENGTH.set(length)
        BACK_PRESSURE.set(self.is_long)
        if self.is_long and not was_long:
            log.warning("news_queue_is_long", messages=length, long_from=self._slow_at)
        elif was_long and not self.is_long:
            log.info("news_queue_is_short_again", messages=length)
