"""A subscription on RabbitMQ, as the thread that handles messages sees it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from services.common.broker.envelope import FailedCopy
from services.common.broker.failures import FailureDesk
from services.common.broker.options import BrokerOptions
from services.common.broker.port import Delivery
from services.common.broker.rabbitmq.consumer import Consumer
from services.common.broker.rabbitmq.inbox import Inbox
from services.common.broker.rabbitmq.link import Link
from services.common.errors import CryptoBoyError

CLOSE_SECONDS = 5.0


class RabbitMqSubscription:
    """See `port.Subscription`. RabbitMQ before 4.3 counts a release towards its delivery limit.

    Args:
        inbox: where `consumer` puts what arrives.
        publish_copy: publishes the copy of a failed delivery and returns when it is confirmed.
    """

    def __init__(
        self,
        link: Link,
        inbox: Inbox,
        consumer: Consumer,
        publish_copy: Callable[[Delivery, FailedCopy], None],
        *,
        max_attempts: int,
        options: BrokerOptions,
    ) -> None:
        self._link = link
        self._inbox = inbox
        self._consumer = consumer
        self._publish_copy = publish_copy
        self._desk = FailureDesk(max_attempts, options, self._replace)

    def receive(self, max_messages: int, timeout: float) -> list[Delivery]:
        """See `port.Subscription.receive`."""
        return self._inbox.receive(max_messages, timeout)

    def ack(self, deliveries: Sequence[Delivery]) -> None:
        """See `port.Subscription.ack`."""
        self._link.post(partial(self._consumer.ack, self._inbox.claim(deliveries)))

    def release(self, deliveries: Sequence[Delivery]) -> None:
        """See `port.Subscription.release`."""
        self._link.post(partial(self._consumer.release, self._inbox.claim(deliveries)))

    def retry(self, delivery: Delivery, error: str) -> None:
        """See `port.Subscription.retry`."""
        self._desk.retry(delivery, error)

    def dead_letter(self, delivery: Delivery, reason: str) -> None:
        """See `port.Subscription.dead_letter`."""
        self._desk.dead_letter(delivery, reason)

    def close(self) -> None:
        """See `port.Subscription.close`."""
        if self._inbox.close() and not self._link.state.closed:
            self._link.post(self._consumer.close)
            self._consumer.gone.wait(CLOSE_SECONDS)

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._inbox.closed

    @property
    def problem(self) -> CryptoBoyError | None:
        """Why it receives nothing now, or None."""
        return self._inbox.problem

    def _replace(self, delivery: Delivery, copy: FailedCopy | None) -> bool:
        tokens = self._inbox.claim([delivery])
        if not tokens:
            return False  # ended before, or its channel was lost and it comes again anyway
        if copy is not None:
            try:
                self._publish_copy(delivery, copy)
            except CryptoBoyError:
                self._inbox.unclaim(tokens)
                raise
        self._link.post(partial(self._consumer.ack, tokens))
        return True
