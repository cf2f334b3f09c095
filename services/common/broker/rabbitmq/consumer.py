"""A consumer of one queue, as the link's thread runs it: opened again after every loss, on a new channel."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence
from functools import partial

import structlog
from pika.exceptions import ChannelClosedByBroker

from services.common.broker.envelope import attempts_of, headers_of_received, identity
from services.common.broker.options import BrokerOptions
from services.common.broker.port import Delivery
from services.common.broker.rabbitmq.errors import NOT_FOUND, why_refused
from services.common.broker.rabbitmq.inbox import Inbox, Token
from services.common.broker.rabbitmq.link import Link
from services.common.broker.rabbitmq.pika_types import (
    PikaChannel,
    PikaConnection,
    PikaFrame,
    PikaMethod,
    PikaProperties,
)
from services.common.broker.rabbitmq.tags import OpenTags
from services.common.errors import CryptoBoyError, StopProgram, TryLater

log = structlog.get_logger(__name__)

REOPEN_SECONDS = 1.0


class Consumer:
    """Fills an inbox. Only the link's thread calls it; `gone` is set when it will deliver no more.

    Args:
        queue: the name of the queue that is read.
    """

    def __init__(self, link: Link, inbox: Inbox, queue: str, prefetch: int, options: BrokerOptions) -> None:
        self._link = link
        self._inbox = inbox
        self.queue = queue
        self._origin = next(
            (each for each in options.queues if each.retried and each.dead_letter_name == queue), None
        )
        self._prefetch = max(1, prefetch)
        self._connection: PikaConnection = None
        self._channel: PikaChannel = None
        self._consumer_tag: str | None = None
        self._ever_consumed = False
        self._open_tags = OpenTags()
        self.gone = threading.Event()

    @property
    def closed(self) -> bool:
        """Whether nobody wants it any more."""
        return self._inbox.closed

    def open(self, connection: PikaConnection) -> None:
        """Begin to consume on a new connection, or again on the same one."""
        if not self._inbox.closed and self._link.current(connection):
            self._connection = connection
            connection.channel(on_open_callback=self._on_open)

    def lost(self, error: CryptoBoyError) -> None:
        """The connection is gone, and our hold on every delivery with it."""
        self._forget_channel()
        self._inbox.report(TryLater(str(error)))

    def ack(self, tokens: Sequence[Token]) -> None:
        """End deliveries as done."""
        plan = self._open_tags.plan_acks(self._still_ours(tokens))
        if plan.up_to is not None:
            self._channel.basic_ack(plan.up_to, multiple=True)
        for tag in plan.singly:
            self._channel.basic_ack(tag)

    def release(self, tokens: Sequence[Token]) -> None:
        """Give deliveries back."""
        for tag in self._still_ours(tokens):
            self._channel.basic_nack(tag, requeue=True)

    def close(self) -> None:
        """Stop consuming and give everything back; the inbox is closed already."""
        channel = self._channel
        if channel is None or not channel.is_open:
            self.gone.set()
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

    def _still_ours(self, tokens: Sequence[Token]) -> list[int]:
        """The tags, now ended, of this channel's deliveries that were not ended before."""
        if self._channel is None or not self._channel.is_open:
            return []
        number = self._inbox.channel_number
        return self._open_tags.end(token.tag for token in tokens if token.channel_number == number)

    def _forget_channel(self) -> None:
        self._channel = self._consumer_tag = None
        self._open_tags.end_all()
        self._inbox.next_channel()
        if self._inbox.closed:
            self.gone.set()

    def _on_open(self, channel: PikaChannel) -> None:
        if channel.connection is not self._connection:
            return  # of one that is being closed
        if self._inbox.closed:
            channel.close()
            return
        self._channel = channel
        channel.add_on_close_callback(self._on_closed)
        channel.add_on_cancel_callback(lambda _frame: self._on_cancelled(channel))
        channel.basic_qos(prefetch_count=self._prefetch, callback=lambda _frame: self._consume(channel))

    def _consume(self, channel: PikaChannel) -> None:
        self._consumer_tag = channel.basic_consume(self.queue, self._on_message, callback=self._on_consuming)

    def _on_consuming(self, _frame: PikaFrame) -> None:
        self._ever_consumed = True
        self._inbox.consuming()

    def _on_message(
        self, channel: PikaChannel, method: PikaMethod, properties: PikaProperties, body: bytes
    ) -> None:
        if channel is not self._channel:
            return
        self._open_tags.add(method.delivery_tag)
        headers = headers_of_received(self._origin, properties.headers)
        self._inbox.put(
            Delivery(
                queue=self.queue,
                body=body,
                message_id=identity(properties.message_id, body),
                headers=headers,
                attempts=attempts_of(headers),
                redelivered=bool(method.redelivered),
                token=Token(self._inbox.channel_number, method.delivery_tag),
            )
        )

    def _on_cancelled(self, channel: PikaChannel) -> None:
        """The queue was deleted or moved to another node."""
        if channel is self._channel:
            log.warning("broker_cancelled_consumer", queue=self.queue)
            channel.close()

    def _on_closed(self, channel: PikaChannel, reason: BaseException) -> None:
        if channel is not self._channel:
            return
        self._forget_channel()
        if self._inbox.closed or not self._link.current(self._connection):
            return  # asked for, or the whole connection ended
        if isinstance(reason, ChannelClosedByBroker):
            error = why_refused(reason, f"consume from the queue {self.queue}", self._link.place)
            self._inbox.report(error)
            if not self._ever_consumed:
                return  # who wants to subscribe is told
            level = log.error if isinstance(error, StopProgram) else log.warning
            level("broker_ended_consumer", queue=self.queue, error=str(error))
            if reason.reply_code == NOT_FOUND:
                self._link.fail(error)  # a new connection declares, or says, what is missing
                return
        pause = REOPEN_SECONDS * random.uniform(0.5, 1.0)
        self._link.later(pause, partial(self.open, self._connection))
