"""Receives articles from the queue, and settles their deliveries."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from services.common.broker.port import Delivery, Subscription
from services.common.broker.topology import RAW_NEWS_DATA
from services.common.runtime.work import CallsInProgress

NAME = "sentiment_processor"
RECEIVE_SECONDS = 0.5
SETTLE_SECONDS = 30.0
"""The time in seconds that a broker may take to store a message in another queue."""


class Intake:
    """A subscription that worker threads share until the service stops or something fails.

    Args:
        subscription: the subscription to the queue of articles.
        stop: the event that is set when the service is to stop.
        work: the register of running calls, for the watchdog.
    """

    def __init__(self, subscription: Subscription, stop: threading.Event, work: CallsInProgress) -> None:
        self._subscription = subscription
        self.work = work
        self._ended = threading.Event()
        self.stop = stop

    @property
    def is_over(self) -> bool:
        """Whether the workers must not begin another article."""
        return self.stop.is_set() or self._ended.is_set()

    def end(self) -> None:
        """Stop the workers from beginning another article; they still finish the articles that they have begun."""
        self._ended.set()

    def give_back(self) -> None:
        """End the intake, and have all unsettled deliveries redelivered now. Settling them later has no effect."""
        self.end()
        self._subscription.close()

    def receive(self, count: int) -> list[Delivery]:
        """Receive up to `count` articles; the list is empty if no article arrives for `RECEIVE_SECONDS`."""
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

    def retry(self, delivery: Delivery, error: str) -> bool:
        """See `Subscription.retry`."""
        with self.work.doing("setting an article aside", SETTLE_SECONDS):
            return self._subscription.retry(delivery, error)

    def dead_letter(self, delivery: Delivery, reason: str) -> None:
        """See `Subscription.dead_letter`."""
        with self.work.doing("setting an article aside", SETTLE_SECONDS):
            self._subscription.dead_letter(delivery, reason)
