"""Converts messages to and from the values that pika uses. The functions are pure; times are in Unix seconds."""

from __future__ import annotations

from dataclasses import dataclass

from pika import spec
from pika.channel import Channel

from services.common.broker.envelope import (
    FailedCopy,
    Headers,
    attempts_of,
    headers_of_received,
    identity,
    outgoing_headers,
)
from services.common.broker.port import Delivery, OutgoingMessage
from services.common.broker.rabbitmq.tags import Token
from services.common.broker.topology import DEAD_LETTER_EXCHANGE, EVENTS_EXCHANGE, RETRY_EXCHANGE, Queue

PERSISTENT = 2


@dataclass(frozen=True, slots=True)
class Parcel:
    """The arguments with which pika publishes one message."""

    exchange: str
    routing_key: str
    body: bytes
    properties: spec.BasicProperties
    mandatory: bool = True


def parcel_of(message: OutgoingMessage, timestamp: int) -> Parcel:
    """The parcel for a message that is published for the first time."""
    properties = _properties(message.message_id, outgoing_headers(message), timestamp)
    return Parcel(EVENTS_EXCHANGE, message.routing_key, message.body, properties, message.mandatory)


def parcel_of_copy(delivery: Delivery, copy: FailedCopy, timestamp: int) -> Parcel:
    """The parcel that publishes the copy of a failed delivery to the exchange for retries or for dead letters."""
    properties = _properties(delivery.message_id, copy.headers, timestamp)
    exchange = DEAD_LETTER_EXCHANGE
    if copy.delay is not None:
        exchange = RETRY_EXCHANGE
        properties.expiration = str(max(1, round(copy.delay * 1000)))
    return Parcel(exchange, copy.queue.name, delivery.body, properties)


def delivery_of(
    channel: Channel,
    method: spec.Basic.Deliver,
    properties: spec.BasicProperties,
    body: bytes,
    *,
    queue: str,
    dead_letters_of: Queue | None,
) -> Delivery:
    """The delivery for a message from `queue`.

    If `queue` contains the dead letters of another queue, `dead_letters_of` is that queue; otherwise None.
    """
    headers = headers_of_received(dead_letters_of, properties.headers)
    return Delivery(
        queue=queue,
        body=body,
        message_id=identity(properties.message_id, body),
        headers=headers,
        attempts=attempts_of(headers),
        redelivered=bool(method.redelivered),
        token=Token(channel, method.delivery_tag),
    )


def _properties(message_id: str, headers: Headers, timestamp: int) -> spec.BasicProperties:
    return spec.BasicProperties(
        content_type="application/json",
        delivery_mode=PERSISTENT,
        message_id=message_id,
        timestamp=timestamp,
        headers=headers,
    )
