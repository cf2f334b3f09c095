"""Consumes a queue in batches, for a service that writes each batch to a store and acknowledges it afterwards.

While the store is unavailable, received messages stay unacknowledged and no more messages are received, so that new
messages stay in the queue. After five minutes all unacknowledged messages are given back to the queue, while copies
of them in memory still wait to be written. Otherwise RabbitMQ would redeliver these messages after each
`consumer_timeout`, and each redelivery would count towards the delivery limit.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

import structlog

from services.common.broker.port import Broker, Delivery, Subscription
from services.common.errors import TryLater
from services.common.runtime.backoff import Backoff
from services.common.runtime.runner import count_error
from services.common.runtime.work import CallsInProgress

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 5.0
HOLD_SECONDS = 300.0
"""The time in seconds for which deliveries stay unacknowledged while the store is unavailable. RabbitMQ closes the
channel of a consumer that leaves deliveries unacknowledged for longer than its `consumer_timeout`."""

log = structlog.get_logger(__name__)
T = TypeVar("T")


class BatchConsumer:
    """The consumer of one queue. Used from one thread.

    Args:
        service: a label of metrics.
        prefetch: the most messages that are unsettled at a time.
        batch_size: the most messages that `receive` returns.
        idle_seconds: how long `receive` waits for a first message.
        work: where the consumer records its calls, for the watchdog.
    """

    def __init__(
        self,
        service: str,
        broker: Broker,
        queue: str,
        *,
        prefetch: int,
        batch_size: int,
        idle_seconds: float,
        work: CallsInProgress,
    ) -> None:
        self._service, self._broker, self._queue = service, broker, queue
        self._prefetch, self._batch_size, self._idle_seconds = prefetch, batch_size, idle_seconds
        self._work = work
        self._subscription: Subscription | None = None
        self._not_subscribed = ""

    @property
    def is_subscribed(self) -> bool:
        """Whether there is a subscription; not after `give_back`, until the next `receive`."""
        return self._subscription is not None

    def subscribe(self) -> Subscription:
        """Subscribe to the queue unless the consumer is subscribed. Raises like `Broker.subscribe`."""
        if self._subscription is None:
            self._subscription = self._broker.subscribe(self._queue, self._prefetch)
        return self._subscription

    def receive(self, stop: threading.Event) -> Sequence[Delivery]:
        """Receive the next messages; the list is empty if none arrives in time or the queue cannot be read."""
        try:
            subscription = self.subscribe()
        except TryLater as error:
            if self._not_subscribed != str(error):
                count_error(self._service, error)
                log.warning("not_subscribed", error=str(error))
                self._not_subscribed = str(error)
            stop.wait(FIRST_PAUSE_SECONDS)
            return []
        self._not_subscribed = ""
        with self._work.doing(f"receiving from {self._queue}", self._idle_seconds):
            return subscription.receive(self._batch_size, self._idle_seconds)

    def write(
        self,
        deliveries: Sequence[Delivery],
        write: Callable[[], T],
        stop: threading.Event,
        *,
        what: str,
        patience: float,
    ) -> T | None:
        """Call `write` until it succeeds, acknowledge the deliveries and return the result of `write`.

        The deliveries are given back to the queue if writing takes longer than `HOLD_SECONDS`; they are then
        redelivered as duplicates. Returns None if `stop` is set before a call succeeds; the deliveries are released
        then.

        Args:
            deliveries: the messages whose content is written.
            write: raises TryLater while the store is unavailable; any other error is passed on.
            stop: ends the waiting for the store.
            what: the name of the call, for the log and the watchdog.
            patience: the seconds that one call may take by its own time limits.
        """
        began, backoff = time.monotonic(), Backoff(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)
        while True:
            try:
                with self._work.doing(what, patience):
                    result = write()
            except TryLater as error:
                pause = backoff.failed(error.after)
                count_error(self._service, error)
                log.warning(
                    "store_away",
                    error=str(error),
                    unacknowledged=len(deliveries),
                    retry_in_seconds=round(pause, 1),
                )
            else:
                self.ack(deliveries)
                return result
            if self._subscription is not None and (held := time.monotonic() - began) >= HOLD_SECONDS:
                log.warning("messages_given_back", queue=self._queue, after_seconds=round(held))
                self.give_back()
            if stop.wait(pause):
                self.release(deliveries)
                return None

    def ack(self, deliveries: Sequence[Delivery]) -> None:
        """Acknowledge deliveries, unless they were given back already."""
        if self._subscription is not None and deliveries:
            self._subscription.ack(deliveries)

    def release(self, deliveries: Sequence[Delivery]) -> None:
        """Requeue deliveries that were not handled, unless they were given back already."""
        if self._subscription is not None and deliveries:
            self._subscription.release(deliveries)

    def give_back(self) -> None:
        """Close the subscription, so that all unacknowledged messages are redelivered to the next one."""
        if self._subscription is not None:
            self._subscription.close()
            self._subscription = None

    def close(self) -> None:
        """Stop consuming; unsettled deliveries are redelivered. May be called twice."""
        self.give_back()
