"""Describes the topology in RabbitMQ's terms: exchanges, queues with their arguments, and bindings.

This module contains pure values. They work on RabbitMQ 3.10 and later: if newer versions changed the default of an
argument, the value is given explicitly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.common.broker.topology import (
    DEAD_LETTER_EXCHANGE,
    DELIVERY_LIMIT,
    EVENTS_EXCHANGE,
    QUEUES,
    RETRY_EXCHANGE,
    Queue,
    QueueKind,
)

# From RabbitMQ 4.0 on, a quorum queue without a limit of its own drops a message that was delivered twenty times, even
# if it was only looked at; older versions know no "unlimited".
PRACTICALLY_NO_DELIVERY_LIMIT = 1_000_000
DEFAULT_EXCHANGE = ""


@dataclass(frozen=True, slots=True)
class QueueDeclaration:
    """A durable queue and its arguments."""

    name: str
    kind: QueueKind
    arguments: Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Binding:
    """A binding that routes messages with this routing key from the exchange to the queue."""

    exchange: str
    routing_key: str
    queue: str


@dataclass(frozen=True, slots=True)
class Topology:
    """All objects to declare. `exchanges` maps each exchange's name to its type; all exchanges are durable."""

    exchanges: Mapping[str, str]
    queues: tuple[QueueDeclaration, ...]
    bindings: tuple[Binding, ...]


def rabbitmq_topology(max_length: int, ours: Sequence[Queue] = QUEUES) -> Topology:
    """The topology to declare; `max_length` limits every queue except those for dead letters."""
    queues: list[QueueDeclaration] = []
    bindings: list[Binding] = []
    for queue in ours:
        bindings += [Binding(EVENTS_EXCHANGE, key, queue.name) for key in queue.binding_keys]
        if not queue.retried:
            queues.append(_dropping(queue, max_length))
            continue
        queues += [_refusing(queue, max_length), _waiting(queue, max_length), _dead_letters(queue)]
        bindings.append(Binding(RETRY_EXCHANGE, queue.name, queue.retry_name))
        bindings.append(Binding(DEAD_LETTER_EXCHANGE, queue.name, queue.dead_letter_name))
    exchanges = {EVENTS_EXCHANGE: "topic", RETRY_EXCHANGE: "direct", DEAD_LETTER_EXCHANGE: "direct"}
    return Topology(exchanges, tuple(queues), tuple(bindings))


def _dropping(queue: Queue, max_length: int) -> QueueDeclaration:
    """A queue that never refuses a message: if it is full, it drops its oldest message.

    Only its limits may drop a message. A quorum queue would also drop one that was delivered too often, as it has no
    queue for dead letters.
    """
    arguments: dict[str, str | int] = {
        "x-queue-type": queue.kind.value,
        "x-max-length": max_length,
        "x-overflow": "drop-head",
    }
    if queue.ttl_seconds is not None:
        arguments["x-message-ttl"] = queue.ttl_seconds * 1000
    if queue.kind is QueueKind.QUORUM:
        arguments["x-delivery-limit"] = PRACTICALLY_NO_DELIVERY_LIMIT
    return QueueDeclaration(queue.name, queue.kind, arguments)


def _refusing(queue: Queue, max_length: int) -> QueueDeclaration:
    """A queue that refuses messages if it is full; the broker dead-letters only messages delivered too often."""
    limits = _without_loss(max_length, DELIVERY_LIMIT, DEAD_LETTER_EXCHANGE, queue.name)
    return QueueDeclaration(queue.name, QueueKind.QUORUM, limits)


def _waiting(queue: Queue, max_length: int) -> QueueDeclaration:
    """A queue of messages that each expire at their own time and then return to the original queue.

    RabbitMQ checks only the first message of the queue, so an expired message may have to wait for the
    message before it to expire.
    """
    limits = _without_loss(max_length, PRACTICALLY_NO_DELIVERY_LIMIT, DEFAULT_EXCHANGE, queue.name)
    return QueueDeclaration(queue.retry_name, QueueKind.QUORUM, limits)


def _without_loss(
    max_length: int, delivery_limit: int, dead_letter_exchange: str, dead_letter_key: str
) -> dict[str, str | int]:
    return {
        "x-queue-type": "quorum",
        "x-delivery-limit": delivery_limit,
        # At-least-once dead-lettering works only where overflow is refused.
        "x-max-length": max_length,
        "x-overflow": "reject-publish",
        "x-dead-letter-exchange": dead_letter_exchange,
        "x-dead-letter-routing-key": dead_letter_key,
        "x-dead-letter-strategy": "at-least-once",
    }


def _dead_letters(queue: Queue) -> QueueDeclaration:
    """A queue of dead letters, which has no length limit because only a person may delete a dead letter."""
    arguments: dict[str, str | int] = {
        "x-queue-type": "quorum",
        "x-delivery-limit": PRACTICALLY_NO_DELIVERY_LIMIT,
    }
    return QueueDeclaration(queue.dead_letter_name, QueueKind.QUORUM, arguments)
