"""Creates and reads the id and headers of messages, including the headers that a failure adds, for every broker.

The functions are pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.common.broker.options import BrokerOptions
from services.common.broker.port import Delivery, OutgoingMessage
from services.common.broker.topology import (
    DELIVERY_LIMIT,
    HEADER_ATTEMPTS,
    HEADER_FIRST_ERROR,
    HEADER_LAST_ERROR,
    HEADER_QUEUE,
    HEADER_REASON,
    HEADER_SCHEMA,
    Queue,
)
from services.common.errors import NeverWorks
from services.common.messages import MAX_BODY_BYTES, SCHEMA_VERSION

MAX_HEADER_TEXT = 500
MAX_HEADERS_BYTES = 32_000  # all headers travel in one frame, which RabbitMQ bounds
MAX_SHORT_TEXT_BYTES = 255  # AMQP's short strings: message_id and routing key
MAX_WHOLE_NUMBER = 2**63 - 1
MAX_ATTEMPTS_BELIEVED = 1_000_000

# Written by RabbitMQ about a message's past, or read by it as instructions (CC and BCC route copies): none of
# them belongs to a new copy.
_BROKERS_OWN_HEADERS = frozenset(
    {"x-death", "x-delivery-count", "x-acquired-count", "x-opt-rabbitmq-received-time", "cc", "bcc"}
)
_BROKERS_OWN_PREFIXES = ("x-first-death-", "x-last-death-")

Headers = dict[str, str | int]


@dataclass(frozen=True, slots=True)
class FailedCopy:
    """The copy of a failed message, which replaces the original message.

    Attributes:
        queue: the queue whose `.retry` or `.dlq` queue receives the copy.
        delay: seconds to wait before the copy returns to the queue; None if the copy is a dead letter.
    """

    queue: Queue
    headers: Headers
    delay: float | None


def check_outgoing(messages: Sequence[OutgoingMessage]) -> None:
    """Refuse a message that no broker accepts.

    Raises:
        NeverWorks: the body, the message_id or the headers are too large or are not text; the message says which.
    """
    for message in messages:
        try:
            problem = _problem(message)
        except UnicodeEncodeError:
            problem = "has text that is not valid Unicode"
        if problem:
            raise NeverWorks(f"message {bounded(message.message_id, 80)} {problem}")


def _problem(message: OutgoingMessage) -> str | None:
    if len(message.body) > MAX_BODY_BYTES:
        return f"of {len(message.body)} bytes is over the limit of {MAX_BODY_BYTES}"
    if max(len(message.message_id.encode()), len(message.routing_key.encode())) > MAX_SHORT_TEXT_BYTES:
        return f"has an id or routing key of over {MAX_SHORT_TEXT_BYTES} bytes"
    if any(isinstance(value, int) and abs(value) > MAX_WHOLE_NUMBER for value in message.headers.values()):
        return "has a number in its headers that needs more than 64 bits"
    size = sum(_header_size(name, value) for name, value in message.headers.items())
    return f"has {size} bytes of headers, over {MAX_HEADERS_BYTES}" if size > MAX_HEADERS_BYTES else None


def _header_size(name: str, value: str | int) -> int:
    return len(name.encode()) + len(str(value).encode())


def outgoing_headers(message: OutgoingMessage) -> Headers:
    """The headers of a message that is published for the first time."""
    return {HEADER_SCHEMA: SCHEMA_VERSION, HEADER_ATTEMPTS: 0, **message.headers}


def plain_headers(headers: Mapping[str, object] | None) -> Headers:
    """The headers of a received message that are text or whole numbers, without those that the broker itself adds.

    Any program may write headers, so headers are kept only up to the size that this program itself may send.
    """
    plain: Headers = {}
    size = 0
    for name, value in (headers or {}).items():
        if isinstance(value, bool) or not isinstance(value, str | int) or _is_brokers_own(name):
            continue
        size += _header_size(name, value)
        if size > MAX_HEADERS_BYTES:
            break
        plain[name] = value
    return plain


def _is_brokers_own(name: str) -> bool:
    lower = name.lower()
    return lower in _BROKERS_OWN_HEADERS or lower.startswith(_BROKERS_OWN_PREFIXES)


def headers_of_received(origin: Queue | None, headers: Mapping[str, object] | None) -> Headers:
    """The plain headers of a received message; for a dead letter of the queue `origin`, they include the reason.

    RabbitMQ itself dead-letters some messages, such as a message that kills its consumers. The only explanation is
    then RabbitMQ's own header `x-death`, whose first entry is the newest
    (https://www.rabbitmq.com/docs/dlx#effects). If a service dead-lettered the message, the
    message already has a header with the reason, and this header is kept.
    """
    plain = plain_headers(headers)
    if origin is None or HEADER_REASON in plain:
        return plain
    why = _newest_death(headers or {})
    return plain if why is None else plain | headers_of_dead_letter(origin.name, _in_words(why), plain)


def headers_of_dead_letter(queue: str, reason: str, headers: Mapping[str, str | int]) -> Headers:
    """The headers to add to a message of `queue` that the broker, and not a consumer, dead-lettered."""
    text = bounded(reason)
    return {
        HEADER_QUEUE: queue,
        HEADER_REASON: text,
        HEADER_FIRST_ERROR: headers.get(HEADER_FIRST_ERROR, text),
        HEADER_LAST_ERROR: text,
    }


def _newest_death(headers: Mapping[str, object]) -> str | None:
    deaths = headers.get("x-death")
    newest = deaths[0] if isinstance(deaths, list) and deaths else None
    why = newest.get("reason") if isinstance(newest, dict) else None
    return why if isinstance(why, str) else None


def _in_words(why: str) -> str:
    if why == "delivery_limit":
        return (
            f"RabbitMQ dead-lettered it after more than {DELIVERY_LIMIT} deliveries that no consumer settled"
        )
    return f"RabbitMQ dead-lettered it: {why}"


def attempts_of(headers: Mapping[str, object]) -> int:
    """The number of failures in the header; 0 if the header, which any program may write, is missing or invalid."""
    value = headers.get(HEADER_ATTEMPTS, 0)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        return 0
    return min(value, MAX_ATTEMPTS_BELIEVED)


def identity(message_id: str | None, body: bytes) -> str:
    """The message's id, or an id derived from its body, so that a repeated message can be recognised."""
    return message_id or f"sha256-{hashlib.sha256(body).hexdigest()[:32]}"


def copy_after_failure(
    queue: Queue, delivery: Delivery, error: str, max_attempts: int, options: BrokerOptions
) -> FailedCopy:
    """The copy of a delivery of `queue` whose handling failed once more.

    The copy is a later attempt or, if `max_attempts` are used up, a dead letter.
    """
    attempts = delivery.attempts + 1
    if attempts >= max_attempts:
        return _dead_copy(queue, delivery, f"failed {attempts} times: {error}", error, attempts)
    return FailedCopy(queue, _failure_headers(delivery, error, attempts), options.retry_delay(attempts))


def copy_for_dead_letters(queue: Queue, delivery: Delivery, reason: str) -> FailedCopy:
    """The copy of a delivery of `queue` that can never be handled."""
    return _dead_copy(queue, delivery, reason, reason, delivery.attempts)


def _dead_copy(queue: Queue, delivery: Delivery, reason: str, error: str, attempts: int) -> FailedCopy:
    headers = _failure_headers(delivery, error, attempts)
    headers |= {HEADER_REASON: bounded(reason), HEADER_QUEUE: queue.name}
    return FailedCopy(queue, headers, delay=None)


def _failure_headers(delivery: Delivery, error: str, attempts: int) -> Headers:
    text = bounded(error)
    return {
        HEADER_SCHEMA: SCHEMA_VERSION,
        HEADER_FIRST_ERROR: text,
        **delivery.headers,
        HEADER_LAST_ERROR: text,
        HEADER_ATTEMPTS: attempts,
    }


def bounded(text: str, length: int = MAX_HEADER_TEXT) -> str:
    """The text converted to a valid header value: at most `length` characters, valid UTF-8, no control characters."""
    clean = "".join(char if char.isprintable() else " " for char in text[: length + 1])
    clean = clean.encode(errors="replace").decode()
    return clean if len(clean) <= length else clean[: length - 1] + "…"
