"""Articles as they come from the queue, and how their deliveries are settled."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from services.common.broker.port import Delivery, Subscription
from services.common.broker.topology import RAW_NEWS_DATA
from services.common.runtime.work import CallsInProgress

NAME = "sentiment_processor"
RECEIVE_SECONDS = 0.5
SETTLE_SECONDS = 30.0
"""What a broker may take to store a message elsewhere."""


class Intake:
    """One subscription, until the service stops or something fails. Worker threads share it.

    Args:
        subscription: where the articles come from.
        stop: set when the service is to stop.
        work: where calls are noted for the watchdog.
    """

    def __init__(self, subscription: Subscription, stop: threading.Event, work: CallsInProgress) -> None:
        self._subscription = subscription
        self.work = work
        self._ended = threading.Event()
        self.stop = stop

    @property
    def is_over(self) -> bool:
        """Whether no further article is to be begun."""
        return self.stop.is_set() or self._ended.is_set()

    def end(self) -> None:
        """Begin no further article; those in flight are finished."""
        self._ended.set()

    def give_back(self) -> None:
        """End, and have all unsettled deliveries redelivered at once. Settling them later has no effect."""
        self.end()
        self._subscription.close()

    def receive(self, count: int) -> list[Delivery]:
        """Up to `count` articles; none if none came for a while."""
        with self.work.doing(f"receiving from {RAW_NEWS_DATA.name}", RECEIVE_SECONDS):
            return self._subscription.receive(count, RECEIVE_SECONDS)

    def ack(self, deliveries: Sequence[Delivery]) -> None:
        """See `Subscription.ack`."""
        with self.work.doing("ending deliveries", SETTLE_SECONDS):
            self._subscription.ack(deliveries)

    def release(self, deliveries: Sequence[Delivery]) -> None:
        """See `Subscription.release`."""
        with self.work.doing("ending deliveries", SETTLE_SECONDS):
            self._subscription.release(deliveries)

    def retry(self, delivery: Delivery, error: str) -> None:
        """See `Subscription.retry`."""
        with self.work.doing("setting an article aside", SETTLE_SECONDS):
            self._subscription.retry(delivery, error)

    def dead_letter(self, delivery: Delivery, reason: str) -> None:
        """See `Subscription.dead_letter`."""
        with self.work.doing("setting an article aside", SETTLE_SECONDS):
            self._subscription.dead_letter(delivery, reason)
