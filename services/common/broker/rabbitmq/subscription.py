"""A subscription on RabbitMQ, as the thread that handles messages sees it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from services.common.broker.dead_letter_limit import DeadLetterLimit
from services.common.broker.envelope import FailedCopy
from services.common.broker.failures import FailureHandling
from services.common.broker.options import BrokerOptions
from services.common.broker.port import Delivery
from services.common.broker.rabbitmq.consumer import Consumer
from services.common.broker.rabbitmq.inbox import Inbox
from services.common.broker.rabbitmq.link import Link
from services.common.broker.rabbitmq.outgoing import parcel_of_copy
from services.common.broker.rabbitmq.publisher import Publisher
from services.common.clock import Clock
from services.common.errors import CryptoBoyError
from services.common.settings.settings import Settings

CLOSE_SECONDS = 5.0
COPY_SECONDS = 30.0


class RabbitMqSubscription(FailureHandling):
    """See `port.Subscription`. RabbitMQ before 4.3 counts a release towards its delivery limit.

    Args:
        inbox: where `consumer` puts what arrives.
        publisher: publishes the copies of failed deliveries.
    """

    def __init__(
        self,
        link: Link,
        inbox: Inbox,
        consumer: Consumer,
        publisher: Publisher,
        *,
        settings: Settings,
        options: BrokerOptions,
        clock: Clock,
        limit: DeadLetterLimit,
    ) -> None:
        super().__init__(consumer.queue, settings, options, limit)
        self._link = link
        self._inbox = inbox
        self._consumer = consumer
        self._publisher = publisher
        self._clock = clock

    def receive(self, max_messages: int, timeout: float) -> list[Delivery]:
        """See `port.Subscription.receive`."""
        return self._inbox.receive(max_messages, timeout)

    def ack(self, deliveries: Sequence[Delivery]) -> None:
        """See `port.Subscription.ack`."""
        tokens = self._inbox.claim(deliveries)
        self._limit.ended(self._name, len(tokens), dead=False)
        self._link.post(partial(self._consumer.ack, tokens))

    def release(self, deliveries: Sequence[Delivery]) -> None:
        """See `port.Subscription.release`."""
        self._link.post(partial(self._consumer.release, self._inbox.claim(deliveries)))

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
                parcel = parcel_of_copy(delivery, copy, int(self._clock.now().timestamp()))
                self._publisher.publish(iter([parcel]), 1, COPY_SECONDS)
            except CryptoBoyError:
                self._inbox.unclaim(tokens)
                raise
        self._link.post(partial(self._consumer.ack, tokens))
        return True
