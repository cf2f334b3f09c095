"""Slows down polling and publishing when the news queue is long or its first message is old (back-pressure).

While the queue is long, or its first message is old, nothing more is published. Articles then wait in the state file,
and the sources are read less often. So neither the broker nor this process fills its memory with articles that the
scorer cannot process yet.
"""

from __future__ import annotations

import structlog

from services.common.broker.port import Broker, QueueState
from services.common.broker.topology import RAW_NEWS_DATA
from services.common.errors import TryLater
from services.common.runtime.health import DependencyHealth
from services.common.runtime.lag import Lag
from services.common.runtime.metrics import BACK_PRESSURE, NEWS_QUEUE_LENGTH, QUEUE_CONSUMERS, QUEUE_MESSAGES
from services.data_ingestor.news.turns.queue_wait import Published

NAME = "news_poller"
LOOK_SECONDS = 1.0
MOST_STRETCHED = 4.0
STRETCHED_FOR_LAG = 2.0

LAG_ADVICE = "is the sentiment processor well, and fast enough?"

log = structlog.get_logger(__name__)


def stretch(length: int, slow_at: int) -> float:
    """Return the factor by which the pause between two polls is longer than usual.

    The factor is 1 below `slow_at` messages, 2 at `slow_at`, and at most 4. The factor is limited because entries
    disappear from a feed after a while, even if they were not read.
    """
    return min(1.0 + length / slow_at, MOST_STRETCHED) if length >= slow_at else 1.0


class QueuePressure:
    """The length of the news queue and the age of its first message, queried at most once a second.

    Only one thread may call `look`; other threads may read the results.

    Args:
        broker: the broker that has the queue.
        slow_at: the setting NEWS_QUEUE_SLOW_AT, in messages.
        lag_limit: the setting LAG_LIMIT, in seconds.
    """

    def __init__(self, broker: Broker, slow_at: int, lag_limit: float) -> None:
        self._broker = broker
        self._slow_at = slow_at
        self._looked: float | None = None
        self._length = 0
        self._is_empty = False
        self._published = Published()
        self._lag = Lag(NAME, lag_limit, what="the first article in the queue is", advice=LAG_ADVICE)

    def look(self, monotonic: float) -> bool:
        """Return whether publishing must pause now. Queries the queue if the last result is old. Raises nothing.

        If the broker is unavailable or refuses the query, the last result is kept.
        """
        if self._looked is None or monotonic - self._looked >= LOOK_SECONDS:
            self._looked = monotonic
            self._look(monotonic)
        return self._holds_back

    def published(self, count: int, monotonic: float) -> None:
        """Record that `count` articles were put into the queue."""
        self._published.note(count, monotonic)
        self._is_empty = self._is_empty and not count

    @property
    def is_empty(self) -> bool:
        """Whether the queue was empty at the last query and no article was published since."""
        return self._is_empty

    @property
    def is_long(self) -> bool:
        """Whether the queue had at least `slow_at` messages at the last query."""
        return self._length >= self._slow_at

    @property
    def _holds_back(self) -> bool:
        return self.is_long or self._lag.is_long

    def stretch(self, waiting: int) -> float:
        """Return the result of the function `stretch` for the queue and the articles that wait to be published.

        While the first message of the queue is too old, the factor is at least STRETCHED_FOR_LAG.
        """
        least = STRETCHED_FOR_LAG if self._lag.is_long else 1.0
        return max(stretch(self._length + waiting, self._slow_at), least)

    def health(self) -> DependencyHealth:
        """Return the state for `/health`. A long queue is a fault of the scorer, so the poller stays healthy."""
        detail = f"{self._length} messages in {RAW_NEWS_DATA.name}, long from {self._slow_at}"
        lag = self._lag.health()
        if not lag.ok:
            detail += f"; {lag.detail}"
        if self._holds_back:
            detail += "; the poller slows down"
        return DependencyHealth(ok=not self._holds_back, detail=detail, required=False)

    def _look(self, monotonic: float) -> None:
        state = self._ask()
        self._is_empty = state is not None and not state.ready
        if state is None:
            return
        was_long, self._length = self.is_long, state.ready
        NEWS_QUEUE_LENGTH.set(state.ready)
        if not state.ready:
            self._lag.idle()
        elif state.oldest_seconds is not None:
            self._lag.note(state.oldest_seconds)
        else:
            self._lag.note(self._published.head_age(state.ready, monotonic))
        BACK_PRESSURE.set(self._holds_back)
        if self.is_long and not was_long:
            log.warning("news_queue_is_long", messages=state.ready, long_from=self._slow_at)
        elif was_long and not self.is_long:
            log.info("news_queue_is_short_again", messages=state.ready)

    def _ask(self) -> QueueState | None:
        if not self._broker.health().ok:
            return None
        try:
            states = self._broker.queues()
        except TryLater:
            return None  # publishing will fail for the same reason, and log it
        for each in states:
            QUEUE_MESSAGES.labels(each.name).set(each.ready)
            QUEUE_CONSUMERS.labels(each.name).set(each.consumers)
        return next((each for each in states if each.name == RAW_NEWS_DATA.name), None)
