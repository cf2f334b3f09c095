"""Consumes one queue on RabbitMQ: deliveries arrive in the link's thread, and other threads handle them."""

from __future__ import annotations

import random
import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from functools import partial

import structlog
from pika import SelectConnection, spec
from pika.channel import Channel
from pika.exceptions import ChannelClosedByBroker
from pika.frame import Method

from services.common.broker.envelope import FailedCopy
from services.common.broker.failures import FailureHandling, Shared
from services.common.broker.port import Delivery
from services.common.broker.rabbitmq.errors import NOT_FOUND, why_refused
from services.common.broker.rabbitmq.link import Link
from services.common.broker.rabbitmq.messages import delivery_of, parcel_of_copy
from services.common.broker.rabbitmq.publisher import Publisher
from services.common.broker.rabbitmq.tags import OpenTags, Token
from services.common.errors import CryptoBoyError, StopProgram, TryLater

log = structlog.get_logger(__name__)

CLOSE_SECONDS = 5.0
COPY_SECONDS = 30.0
REOPEN_SECONDS = 1.0


class RabbitMqSubscription(FailureHandling):
    """See `port.Subscription`. Before version 4.3, RabbitMQ counts a release towards the delivery limit.

    Attributes:
        consuming: a future that is done when RabbitMQ has accepted or refused the first subscription.
        closed: whether `close` was called.
        problem: the reason why no message can arrive now, or None.

    Args:
        publisher: publishes the copies of failed deliveries.
        queue: the name of the queue that is read.
    """

    def __init__(
        self,
        link: Link,
        publisher: Publisher,
        queue: str,
        prefetch: int,
        shared: Shared,
    ) -> None:
        super().__init__(queue, shared)
        self._link = link
        self._publisher = publisher
        self._prefetch = max(1, prefetch)
        self._dead_letters_of = next(
            (each for each in shared.options.queues if each.retried and each.dead_letter_name == queue), None
        )
        self.consuming: Future[None] = Future()
        self._gone = threading.Event()
        self._changed = threading.Condition()  # of the next four
        self._channel: Channel = None
        self._arrived: deque[Delivery] = deque()
        self._unsettled: set[Token] = set()
        self.closed = False
        # Only the link's thread changes these:
        self.problem: CryptoBoyError | None = None
        self._connection: SelectConnection = None
        self._consumer_tag: str | None = None
        self._open_tags = OpenTags()

    # For other threads

    def receive(self, max_messages: int, timeout: float) -> list[Delivery]:
        """See `port.Subscription.receive`."""
        with self._changed:
            self._changed.wait_for(lambda: self._arrived or self.closed, timeout)
            deliveries = [self._arrived.popleft() for _ in range(min(max_messages, len(self._arrived)))]
            self._unsettled.update(each.token for each in deliveries if isinstance(each.token, Token))
            return deliveries

    def ack(self, deliveries: Sequence[Delivery]) -> None:
        """See `port.Subscription.ack`."""
        tokens = self._claim(deliveries)
        self._shared.limit.settled(self._name, len(tokens), dead=False)
        self._link.post(partial(self._ack, tokens))

    def release(self, deliveries: Sequence[Delivery]) -> None:
        """See `port.Subscription.release`."""
        self._link.post(partial(self._release, self._claim(deliveries)))

    def close(self) -> None:
        """See `port.Subscription.close`."""
        with self._changed:
            if self.closed:
                return
            self.closed = True
            self._arrived.clear()
            self._unsettled.clear()
            self._changed.notify_all()
        if not self._link.state.closed:
            self._link.post(self._cancel)
            self._gone.wait(CLOSE_SECONDS)

    def _claim(self, deliveries: Sequence[Delivery]) -> set[Token]:
        """Remove and return the tokens of the unsettled deliveries, so that no other thread settles these."""
        with self._changed:
            tokens = {each.token for each in deliveries if isinstance(each.token, Token)} & self._unsettled
            self._unsettled -= tokens
            return tokens

    def _replace(self, delivery: Delivery, copy: FailedCopy | None) -> bool:
        tokens = self._claim([delivery])
        if not tokens:
            return False  # settled before, or its channel was lost and it comes again anyway
        if copy is not None:
            try:
                parcel = parcel_of_copy(delivery, copy, self._shared.timestamp())
                self._publisher.publish([parcel], COPY_SECONDS)
            except CryptoBoyError:
                with self._changed:
                    self._unsettled.update(token for token in tokens if token.channel is self._channel)
                raise
        self._link.post(partial(self._ack, tokens))
        return True

    # In the link's thread

    def open(self, connection: SelectConnection) -> None:
        """Start to consume on a new connection, or again on the same connection."""
        if not self.closed and self._link.current(connection):
            self._connection = connection
            connection.channel(on_open_callback=self._on_open)

    def lost(self, error: CryptoBoyError) -> None:
        """Forget the channel of the lost connection; RabbitMQ redelivers the unsettled messages."""
        self._forget_channel()
        self._report(TryLater(str(error)))

    def _report(self, error: CryptoBoyError) -> None:
        self.problem = self.problem or error  # the first reason is the one to report
        if not self.consuming.done():
            self.consuming.set_exception(error)

    def _ack(self, tokens: set[Token]) -> None:
        plan = self._open_tags.plan_acks(self._still_open(tokens))
        if plan.up_to is not None:
            self._channel.basic_ack(plan.up_to, multiple=True)
        for tag in plan.singly:
            self._channel.basic_ack(tag)

    def _release(self, tokens: set[Token]) -> None:
        for tag in self._still_open(tokens):
            self._channel.basic_nack(tag, requeue=True)

    def _still_open(self, tokens: set[Token]) -> list[int]:
        """Settle those of the deliveries that are unsettled on the current channel, and return their tags."""
        if self._channel is None or not self._channel.is_open:
            return []
        return self._open_tags.settle(token.tag for token in tokens if token.channel is self._channel)

    def _cancel(self) -> None:
        channel = self._channel
        if channel is None or not channel.is_open:
            self._gone.set()
        elif self._consumer_tag is None:
            channel.close()
        else:
            channel.basic_cancel(self._consumer_tag, callback=lambda _frame: self._requeue_all(channel))

    def _requeue_all(self, channel: Channel) -> None:
        """Requeue, then close the channel: newer RabbitMQ versions count deliveries lost with a channel as failed."""
        if (last := self._open_tags.settle_all()) is not None:
            channel.basic_nack(last, multiple=True, requeue=True)
        channel.close()

    def _forget_channel(self) -> None:
        with self._changed:
            self._channel = None
            self._arrived.clear()
            self._unsettled.clear()
        self._consumer_tag = None
        self._open_tags.settle_all()
        if self.closed:
            self._gone.set()

    def _on_open(self, channel: Channel) -> None:
        if channel.connection is not self._connection:
            return  # of one that is being closed
        if self.closed:
            channel.close()
            return
        self._channel = channel
        channel.add_on_close_callback(self._on_closed)
        channel.add_on_cancel_callback(lambda _frame: self._on_cancelled(channel))
        channel.basic_qos(prefetch_count=self._prefetch, callback=lambda _frame: self._consume(channel))

    def _consume(self, channel: Channel) -> None:
        self._consumer_tag = channel.basic_consume(self._name, self._on_message, callback=self._on_consuming)

    def _on_consuming(self, _frame: Method) -> None:
        self.problem = None
        if not self.consuming.done():
            self.consuming.set_result(None)

    def _on_message(
        self, channel: Channel, method: spec.Basic.Deliver, properties: spec.BasicProperties, body: bytes
    ) -> None:
        if channel is not self._channel:
            return
        self._open_tags.add(method.delivery_tag)
        delivery = delivery_of(
            channel, method, properties, body, queue=self._name, dead_letters_of=self._dead_letters_of
        )
        with self._changed:
            if not self.closed:
                self._arrived.append(delivery)
                self._changed.notify()

    def _on_cancelled(self, channel: Channel) -> None:
        """Handle a cancellation of the consumer by RabbitMQ: the queue was deleted or moved to another node."""
        if channel is self._channel:
            log.warning("broker_cancelled_consumer", queue=self._name)
            channel.close()

    def _on_closed(self, channel: Channel, reason: BaseException) -> None:
        if channel is not self._channel:
            return
        self._forget_channel()
        if self.closed or not self._link.current(self._connection):
            return  # asked for, or the whole connection ended
        if isinstance(reason, ChannelClosedByBroker):
            error = why_refused(reason, f"consume from the queue {self._name}", self._link.place)
            is_first = not self.consuming.done()
            self._report(error)
            if is_first:
                return  # `subscribe` raises it
            level = log.error if isinstance(error, StopProgram) else log.warning
            level("broker_ended_consumer", queue=self._name, error=str(error))
            if reason.reply_code == NOT_FOUND:
                self._link.fail(error)  # a new connection declares, or says, what is missing
                return
        pause = REOPEN_SECONDS * random.uniform(0.5, 1.0)
        self._link.later(pause, partial(self.open, self._connection))
