"""A consumer of one queue: deliveries come in on the link's thread and are handled on the caller's.

Every time the channel is lost, a new one is opened and counted (`_channel_number`). RabbitMQ delivers again
what was not ended on the old one, so ending a delivery of an old channel does nothing.
"""

from __future__ import annotations

import random
import threading
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import structlog
from pika.exceptions import ChannelClosedByBroker

from services.common.broker.envelope import FailedCopy, attempts_of, identity, plain_headers
from services.common.broker.failures import FailureDesk
from services.common.broker.options import BrokerOptions
from services.common.broker.port import Delivery
from services.common.broker.rabbitmq_errors import NOT_FOUND, why_refused
from services.common.broker.rabbitmq_link import Link
from services.common.broker.rabbitmq_pika import (
    PikaChannel,
    PikaConnection,
    PikaFrame,
    PikaMethod,
    PikaProperties,
)
from services.common.broker.rabbitmq_tags import OpenTags
from services.common.errors import CryptoBoyError, StopProgram, TryLater

log = structlog.get_logger(__name__)

REOPEN_SECONDS = 1.0
CLOSE_SECONDS = 5.0


class _Token(NamedTuple):
    channel_number: int
    tag: int


class RabbitMqSubscription:
    """See `port.Subscription`.

    Args:
        publish_copy: publishes the copy of a failed delivery and returns when it is confirmed.
    """

    def __init__(
        self,
        link: Link,
        publish_copy: Callable[[Delivery, FailedCopy], None],
        *,
        queue: str,
        prefetch: int,
        max_attempts: int,
        options: BrokerOptions,
    ) -> None:
        self._link = link
        self._publish_copy = publish_copy
        self._desk = FailureDesk(max_attempts, options, self._replace)
        self._queue = queue
        self._prefetch = max(1, prefetch)
        # Shared between threads, under the condition:
        self._changed = threading.Condition()
        self._arrived: deque[Delivery] = deque()
        self._channel_number = 0
        self._consuming = False
        self._problem: CryptoBoyError | None = None
        self._closed = False
        self._gone = threading.Event()
        # The link's thread only:
        self._connection: PikaConnection = None
        self._channel: PikaChannel = None
        self._consumer_tag: str | None = None
        self._ever_consumed = False
        self._open_tags = OpenTags()

    # For any thread but the link's

    def wait_consuming(self, timeout: float) -> None:
        """Return when RabbitMQ has agreed; raises TryLater or StopProgram when it has not."""
        with self._changed:
            self._changed.wait_for(lambda: self._consuming or self._problem is not None, timeout)
            if self._problem is not None:
                raise self._problem
            if not self._consuming:
                raise TryLater(f"{self._link.place} did not answer within {timeout:.0f} s")

    def receive(self, max_messages: int, timeout: float) -> list[Delivery]:
        """See `port.Subscription.receive`."""
        with self._changed:
            self._changed.wait_for(lambda: self._arrived or self._closed, timeout)
            count = min(max_messages, len(self._arrived))
            return [self._arrived.popleft() for _ in range(count)]

    def ack(self, deliveries: Sequence[Delivery]) -> None:
        """See `port.Subscription.ack`."""
        self._link.post(partial(self._ack, [delivery.token for delivery in deliveries]))

    def release(self, deliveries: Sequence[Delivery]) -> None:
        """See `port.Subscription.release`. RabbitMQ before 4.3 counts it towards the delivery limit."""
        self._link.post(partial(self._release, [delivery.token for delivery in deliveries]))

    def retry(self, delivery: Delivery, error: str) -> None:
        """See `port.Subscription.retry`."""
        self._desk.retry(delivery, error)

    def dead_letter(self, delivery: Delivery, reason: str) -> None:
        """See `port.Subscription.dead_letter`."""
        self._desk.dead_letter(delivery, reason)

    def close(self) -> None:
        """See `port.Subscription.close`."""
        with self._changed:
            if self._closed:
                return
            self._closed = True
            self._arrived.clear()
            self._changed.notify_all()
        self._link.post(self._shut)
        self._gone.wait(CLOSE_SECONDS)

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    def _replace(self, delivery: Delivery, copy: FailedCopy | None) -> bool:
        token = delivery.token
        if not isinstance(token, _Token) or token.channel_number != self._channel_number:
            return False
        if copy is not None:
            self._publish_copy(delivery, copy)
        self.ack([delivery])
        return True

    # In the link's thread

    def open(self, connection: PikaConnection) -> None:
        """Begin to consume on a new connection, or again on the same one."""
        if self._closed or not self._link.current(connection):
            self._gone.set()
            return
        self._connection = connection
        connection.channel(on_open_callback=self._on_open)

    def lost(self, error: CryptoBoyError) -> None:
        """The connection is gone, and our hold on every delivery with it."""
        self._forget_channel()
        with self._changed:
            self._problem = self._problem or TryLater(str(error))
            self._changed.notify_all()

    def _forget_channel(self) -> None:
        self._channel = self._consumer_tag = None
        self._open_tags.end_all()
        with self._changed:
            self._channel_number += 1
            self._consuming = False
            self._arrived.clear()
        if self._closed:
            self._gone.set()

    def _on_open(self, channel: PikaChannel) -> None:
        if self._closed:
            channel.close()
            return
        self._channel = channel
        channel.add_on_close_callback(self._on_channel_closed)
        channel.add_on_cancel_callback(lambda _frame: self._on_cancelled(channel))
        channel.basic_qos(prefetch_count=self._prefetch, callback=lambda _frame: self._consume(channel))

    def _consume(self, channel: PikaChannel) -> None:
        self._consumer_tag = channel.basic_consume(self._queue, self._on_message, callback=self._on_consuming)

    def _on_consuming(self, _frame: PikaFrame) -> None:
        self._ever_consumed = True
        with self._changed:
            self._consuming = True
            self._problem = None
            self._changed.notify_all()

    def _on_message(
        self, channel: PikaChannel, method: PikaMethod, properties: PikaProperties, body: bytes
    ) -> None:
        if channel is not self._channel:
            return
        headers = plain_headers(properties.headers)
        self._open_tags.add(method.delivery_tag)
        delivery = Delivery(
            queue=self._queue,
            body=body,
            message_id=identity(properties.message_id, body),
            headers=headers,
            attempts=attempts_of(headers),
            redelivered=bool(method.redelivered),
            token=_Token(self._channel_number, method.delivery_tag),
        )
        with self._changed:
            if not self._closed:
                self._arrived.append(delivery)
                self._changed.notify()

    def _ack(self, tokens: Sequence[object]) -> None:
        ended = self._still_ours(tokens)
        plan = self._open_tags.plan_acks(ended)
        if plan.up_to is not None:
            self._channel.basic_ack(plan.up_to, multiple=True)
        for tag in plan.singly:
            self._channel.basic_ack(tag)

    def _release(self, tokens: Sequence[object]) -> None:
        for tag in self._still_ours(tokens):
            self._channel.basic_nack(tag, requeue=True)

    def _still_ours(self, tokens: Sequence[object]) -> list[int]:
        """The tags, now ended, of this channel's deliveries that were not ended before."""
        if self._channel is None or not self._channel.is_open:
            return []
        return self._open_tags.end(
            token.tag
            for token in tokens
            if isinstance(token, _Token) and token.channel_number == self._channel_number
        )

    def _on_cancelled(self, channel: PikaChannel) -> None:
        """The queue was deleted or moved to another node."""
        if channel is self._channel:
            log.warning("broker_cancelled_consumer", queue=self._queue)
            channel.close()

    def _on_channel_closed(self, channel: PikaChannel, reason: BaseException) -> None:
        if channel is not self._channel:
            return
        self._forget_channel()
        if self._closed or not self._link.current(self._connection):
            return  # asked for, or the whole connection ended
        error = why_refused(reason, f"consume from the queue {self._queue}", self._link.place)
        if isinstance(reason, ChannelClosedByBroker):
            self._report(error)
            if not self._ever_consumed:
                return  # who wanted to subscribe is told
            if reason.reply_code == NOT_FOUND:
                self._link.fail(error)  # a new connection declares, or says, what is missing
                return
        pause = REOPEN_SECONDS * random.uniform(0.5, 1.0)
        self._link.later(pause, partial(self.open, self._connection))

    def _report(self, error: CryptoBoyError) -> None:
        level = log.error if isinstance(error, StopProgram) else log.warning
        level("broker_ended_consumer", queue=self._queue, error=str(error))
        with self._changed:
            self._problem = error
            self._changed.notify_all()

    def _shut(self) -> None:
        channel = self._channel
        if channel is None or not channel.is_open:
            self._gone.set()
        elif self._consumer_tag is None:
            channel.close()
        else:
            channel.basic_cancel(self._consumer_tag, callback=lambda _frame: self._hand_back(channel))

    def _hand_back(self, channel: PikaChannel) -> None:
        """Explicitly: newer versions count a delivery that is lost with its channel as a failed one."""
        last = self._open_tags.end_all()
        if last is not None:
            channel.basic_nack(last, multiple=True, requeue=True)
        channel.close()
