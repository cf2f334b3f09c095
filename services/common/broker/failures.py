"""Retries or dead-letters messages whose handling failed, and counts and logs the failures, for every broker."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import structlog

from services.common.broker.dead_letter_limit import DeadLetterLimit
from services.common.broker.envelope import (
    FailedCopy,
    bounded,
    copy_after_failure,
    copy_for_dead_letters,
)
from services.common.broker.options import BrokerOptions
from services.common.broker.port import Delivery
from services.common.broker.topology import Queue
from services.common.clock import Clock
from services.common.runtime.metrics import MESSAGES_DEAD_LETTERED, MESSAGES_RETRIED
from services.common.runtime.tracing import trace_id_of
from services.common.settings.settings import Settings

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Shared:
    """The objects that the parts of one broker connection share.

    Attributes:
        limit: counts dead letters among the last messages; a subscription reports every message that it settles.
    """

    settings: Settings
    options: BrokerOptions
    clock: Clock
    limit: DeadLetterLimit

    def timestamp(self) -> int:
        """The current time in whole seconds since the epoch."""
        return int(self.clock.now().timestamp())


class FailureHandling(ABC):
    """The part of `port.Subscription` that is the same for every broker.

    Args:
        name: the name of the queue that is read.

    Raises:
        TooManyDeadLetters: reading of the queue was stopped.
    """

    def __init__(self, name: str, shared: Shared) -> None:
        shared.limit.begin(name)
        self._name = name
        self._shared = shared
        self._queue: Queue | None = next((each for each in shared.options.queues if each.name == name), None)

    def retry(self, delivery: Delivery, error: str) -> bool:
        """See `port.Subscription.retry`."""
        queue = self._failing_queue()
        most = self._shared.settings.retry_max_attempts
        copy = copy_after_failure(queue, delivery, error, most, self._shared.options)
        return self._settle(delivery, copy if queue.retried else None, error)

    def dead_letter(self, delivery: Delivery, reason: str) -> None:
        """See `port.Subscription.dead_letter`."""
        queue = self._failing_queue()
        self._settle(
            delivery, copy_for_dead_letters(queue, delivery, reason) if queue.retried else None, reason
        )

    @abstractmethod
    def _replace(self, delivery: Delivery, copy: FailedCopy | None) -> bool:
        """Store the copy (unless None) and settle the delivery; returns False if the delivery was settled before."""

    def _failing_queue(self) -> Queue:
        if self._queue is None:
            raise ValueError(f"messages of {self._name} can only be acknowledged or released")
        return self._queue

    def _settle(self, delivery: Delivery, copy: FailedCopy | None, error: str) -> bool:
        """Settle the delivery unless it was settled before, and return whether it was dead-lettered now."""
        is_dead = copy is not None and copy.delay is None
        if is_dead:
            self._shared.limit.check(self._name)
        if not self._replace(delivery, copy):
            return False
        about = {
            "queue": delivery.queue,
            "message_id": bounded(delivery.message_id, 128),
            "trace_id": trace_id_of(delivery.headers, delivery.message_id),
            "attempts": delivery.attempts,
            "error": bounded(error),
        }
        if copy is None:
            log.warning("message_dropped", **about)
        elif is_dead:
            self._shared.limit.settled(self._name, dead=True)
            MESSAGES_DEAD_LETTERED.labels(delivery.queue).inc()
            log.warning("message_dead_lettered", **about)
        else:
            MESSAGES_RETRIED.labels(delivery.queue).inc()
            log.info("message_set_aside", **about, retry_in_seconds=copy.delay)
        return is_dead
