"""What happens when a message could not be handled: decided, carried out by the adapter, counted and logged."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from services.common.broker.envelope import (
    FailedCopy,
    bounded,
    copy_after_failure,
    copy_for_dead_letters,
)
from services.common.broker.options import BrokerOptions
from services.common.broker.port import Delivery
from services.common.runtime.metrics import MESSAGES_DEAD_LETTERED, MESSAGES_RETRIED
from services.common.runtime.tracing import trace_id_of

log = structlog.get_logger(__name__)

Replace = Callable[[Delivery, FailedCopy | None], bool]
"""Stores the copy, if there is one, and ends the delivery; False if the delivery was no longer ours to end."""


class FailureDesk:
    """Takes failed deliveries, the same way for every broker.

    Args:
        max_attempts: failures after which a message is dead-lettered.
    """

    def __init__(self, max_attempts: int, options: BrokerOptions, replace: Replace) -> None:
        self._max_attempts = max_attempts
        self._options = options
        self._replace = replace

    def retry(self, delivery: Delivery, error: str) -> None:
        """See `port.Subscription.retry`."""
        self._settle(delivery, copy_after_failure(delivery, error, self._max_attempts, self._options), error)

    def dead_letter(self, delivery: Delivery, reason: str) -> None:
        """See `port.Subscription.dead_letter`."""
        self._settle(delivery, copy_for_dead_letters(delivery, reason), reason)

    def _settle(self, delivery: Delivery, copy: FailedCopy | None, error: str) -> None:
        if not self._replace(delivery, copy):
            return
        about = {
            "queue": delivery.queue,
            "message_id": bounded(delivery.message_id, 128),
            "trace_id": trace_id_of(delivery.headers, delivery.message_id),
            "attempts": delivery.attempts,
            "error": bounded(error),
        }
        if copy is None:
            log.warning("message_dropped", **about)
        elif copy.delay is None:
            MESSAGES_DEAD_LETTERED.labels(delivery.queue).inc()
            log.warning("message_dead_lettered", **about)
        else:
            MESSAGES_RETRIED.labels(delivery.queue).inc()
            log.info("message_set_aside", **about, retry_in_seconds=copy.delay)
