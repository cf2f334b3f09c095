"""A publisher without restraint: many connections that send large messages and wait for ever fewer confirmations."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

import pika
from pika.adapters.select_connection import IOLoop

from services.common.broker.topology import EVENTS_EXCHANGE, NEWS_ARTICLE

CONNECTIONS = 28
FIRST_UNCONFIRMED, UNCONFIRMED = 5, 24
"""Messages that a connection sends before it waits for a confirmation: at first, and at most. 24 of all connections are
more than RabbitMQ's container holds."""
SECONDS_FOR_ONE_MORE = 0.25
"""RabbitMQ measures its memory at intervals, so a burst between two measurements can exceed the container's limit
whatever the high watermark is. The flood therefore grows, but fast enough to reach the watermark before the queue
reaches its size limit and refuses messages."""
MESSAGE_BYTES = 2_000_000
SEND_SECONDS = 30.0
"""Unless one is blocked before: then all stop, and wait until each message is confirmed or refused."""
END_SECONDS = 300.0
LOOK_SECONDS = 0.05


@dataclass
class Tally:
    """What became of the messages of all connections.

    Attributes:
        blocked: how often RabbitMQ blocked a connection.
        lost_connections: those that ended before all of their messages were settled.
    """

    sent: int = 0
    confirmed: int = 0
    refused: int = 0
    blocked: int = 0
    lost_connections: int = 0


def flood(host: str, user: str, password: str) -> Tally:
    """Publish articles that nobody can read for some seconds, until RabbitMQ has confirmed or refused each."""
    loop, tally, body = IOLoop(), Tally(), os.urandom(MESSAGE_BYTES)
    parameters = pika.ConnectionParameters(host, credentials=pika.PlainCredentials(user, password))
    began = time.monotonic()
    until = began + SEND_SECONDS
    publishers = [_Publisher(loop, parameters, tally, body, until) for _ in range(CONNECTIONS)]

    def look() -> None:
        limit = min(FIRST_UNCONFIRMED + int((time.monotonic() - began) / SECONDS_FOR_ONE_MORE), UNCONFIRMED)
        for publisher in publishers:
            publisher.send_up_to(limit)
        over = time.monotonic() > until + END_SECONDS or tally.lost_connections == CONNECTIONS
        ended_sending = tally.blocked > 0 or time.monotonic() > until
        if over or (ended_sending and all(each.is_settled for each in publishers)):
            loop.stop()
        else:
            loop.call_later(LOOK_SECONDS, look)

    loop.call_later(LOOK_SECONDS, look)
    loop.start()
    for publisher in publishers:
        publisher.close()
    return tally


class _Publisher:
    def __init__(
        self, loop: IOLoop, parameters: pika.ConnectionParameters, tally: Tally, body: bytes, until: float
    ) -> None:
        self._tally, self._body, self._until = tally, body, until
        self._sent, self._limit = 0, 0
        self._unsettled: set[int] = set()
        self._channel: pika.channel.Channel | None = None
        self._connection = pika.SelectConnection(
            parameters,
            on_open_callback=self._opened,
            on_open_error_callback=self._lost,
            on_close_callback=self._lost,
            custom_ioloop=loop,
        )

    @property
    def is_settled(self) -> bool:
        return not self._unsettled

    def send_up_to(self, limit: int) -> None:
        """Send until so many messages are unsettled, now and whenever one is settled."""
        self._limit = limit
        if self._channel is not None and self._channel.is_open:
            self._send(self._channel)

    def close(self) -> None:
        if self._connection.is_open:
            self._connection.close()

    def _opened(self, connection: pika.SelectConnection) -> None:
        connection.add_on_connection_blocked_callback(self._blocked)
        connection.channel(on_open_callback=self._ready)

    def _ready(self, channel: pika.channel.Channel) -> None:
        def begin(_: object) -> None:
            self._channel = channel

        channel.confirm_delivery(self._settled, callback=begin)

    def _send(self, channel: pika.channel.Channel) -> None:
        persistent = pika.BasicProperties(delivery_mode=2)
        while (
            len(self._unsettled) < self._limit and not self._tally.blocked and time.monotonic() < self._until
        ):
            channel.basic_publish(EVENTS_EXCHANGE, NEWS_ARTICLE, self._body, persistent)
            self._sent += 1
            self._unsettled.add(self._sent)
            self._tally.sent += 1

    def _settled(self, frame: pika.frame.Method) -> None:
        tag, several = frame.method.delivery_tag, frame.method.multiple
        # Refusals overtake confirmations, so a tag says nothing of the tags below it unless `multiple` is set.
        settled = {each for each in self._unsettled if each <= tag} if several else {tag}
        self._unsettled -= settled
        count = len(settled)
        if isinstance(frame.method, pika.spec.Basic.Ack):
            self._tally.confirmed += count
        else:
            self._tally.refused += count
        self.send_up_to(self._limit)

    def _blocked(self, *_: object) -> None:
        self._tally.blocked += 1

    def _lost(self, *_: object) -> None:
        if self._unsettled or time.monotonic() < self._until:
            self._tally.lost_connections += 1
