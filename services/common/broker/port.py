"""Defines the message broker port that the services use.

Messages are delivered at least once, so a consumer must be able to handle the same message twice. A handler settles
each delivery in exactly one way: `ack` (handled), `retry` (cannot be handled now), `dead_letter` (can never be
handled), or `release` (was not handled, for example because the service stops). Deliveries that are unsettled when a
connection or a process dies are redelivered.

All methods may be called from any thread. A method that fails raises one of the errors named in its docstring, or
StopProgram if a person has to correct something first (rights, a damaged file), and no other error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from services.common.errors import TryLater
from services.common.runtime.health import DependencyHealth


class TooManyDeadLetters(TryLater):
    """Nearly all of the last messages of a queue became dead letters, so this process stops reading the queue.

    Close the subscription, so that the remaining messages stay in the queue until a person has found the cause.
    """


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """A message for the exchange `cryptoboy.events`.

    Attributes:
        routing_key: one of the keys of `topology`, such as `news.article`, or the name of a queue.
        body: UTF-8 JSON.
        message_id: the id that stays the same when the message is published again, so that a consumer can
            recognise a repeated message.
        headers: further headers; the adapter adds the schema version and the attempt count.
        mandatory: whether a queue must be bound to the routing key. If it is false, a message for which no queue is
            bound is dropped.
    """

    routing_key: str
    body: bytes
    message_id: str
    headers: Mapping[str, str | int] = field(default_factory=dict)
    mandatory: bool = True


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message as a consumer received it.

    Attributes:
        attempts: the number of failed attempts to handle the message; a lost connection is not a failed attempt.
        redelivered: whether the message may have been delivered before.
        token: the adapter's handle of the delivery, which other code must not interpret.
    """

    queue: str
    body: bytes
    message_id: str
    headers: Mapping[str, str | int]
    attempts: int
    redelivered: bool
    token: object


@dataclass(frozen=True, slots=True)
class QueueState:
    """The state of one queue.

    Attributes:
        unacknowledged: the number of unsettled deliveries; None if the broker's protocol does not report it.
        oldest_seconds: seconds since the oldest message was published; None if the queue is empty or this is unknown.
    """

    name: str
    kind: str
    ready: int
    unacknowledged: int | None
    consumers: int
    oldest_seconds: float | None = None


class Subscription(Protocol):
    """A consumer of one queue, with at most `prefetch` unsettled deliveries."""

    def receive(self, max_messages: int, timeout: float) -> list[Delivery]:
        """Wait up to `timeout` seconds for a first message, then return at most `max_messages` available messages.

        The list is empty if no message arrived. While the broker is unreachable this method waits as if the queue
        were empty; the connection is restored in the background.
        """
        ...

    def ack(self, deliveries: Sequence[Delivery]) -> None:
        """Acknowledge deliveries. Never waits for the network.

        A delivery is ignored if it was settled before, or if its connection was lost since.
        """
        ...

    def release(self, deliveries: Sequence[Delivery]) -> None:
        """Requeue deliveries without counting a failure; they are redelivered to this consumer or another one."""
        ...

    def retry(self, delivery: Delivery, error: str) -> bool:
        """Count a failure, and deliver the message again after a delay that grows with the number of attempts.

        After `RETRY_MAX_ATTEMPTS` failures the message is dead-lettered instead. If the queue has no `.dlq` queue
        (candles), the message is dropped. This method counts and logs the failure; the caller must not. It may
        be used only for the queues of `topology.QUEUES`; a message read from a `.retry` or `.dlq` queue is
        acknowledged or released.

        Returns:
            Whether the message was dead-lettered.

        Raises:
            TooManyDeadLetters: the message would become a dead letter, as nearly all messages before it did; see
                `Settings.dead_letter_limit`. The delivery stays unsettled.
            TryLater: the broker did not confirm in time. The delivery stays unsettled: call this method
                again, or close the subscription so that the message is redelivered.
        """
        ...

    def dead_letter(self, delivery: Delivery, reason: str) -> None:
        """Move the message to the queue's dead letters, with the reason in its headers.

        Raises:
            TooManyDeadLetters, TryLater: as in `retry`.
        """
        ...

    def close(self) -> None:
        """Stop consuming; unsettled deliveries are redelivered. May be called twice."""
        ...


class Broker(Protocol):
    """A connection to a broker; it is made in the background, and restored with back-off after every loss."""

    def start(self) -> None:
        """Connect, and declare the topology or check that it exists.

        Raises:
            TryLater: the broker does not answer; this method may be called again.
            StopProgram: the broker refuses permanently (credentials, rights, a queue declared with other
                properties); the message says what to do.
        """
        ...

    def publish(self, messages: Sequence[OutgoingMessage], timeout: float = 30.0) -> None:
        """Publish messages; returns when the broker has confirmed that it stored every message.

        Every queue that is bound to a message's routing key stores its own copy. If the routing key is the name of
        a queue, only this queue stores the message.

        Raises:
            TryLater: the broker is unreachable or too slow, or a queue is full. Some of the messages may have been
                stored.
            NeverWorks: no queue is bound to the routing key of a mandatory message, or a message is too large. The
                size is checked before any message is stored.
        """
        ...

    def subscribe(self, queue: str, prefetch: int) -> Subscription:
        """Start to consume a queue, with at most `prefetch` unsettled deliveries.

        After a lost connection the subscription is restored automatically.

        Raises:
            TooManyDeadLetters: an earlier subscription of this process stopped the reading of this queue.
            TryLater: the broker is unreachable.
            StopProgram: the queue does not exist, or this user may not read it.
        """
        ...

    def queues(self) -> list[QueueState]:
        """The state of every queue of the topology.

        Raises:
            TryLater: the broker is unreachable.
        """
        ...

    def health(self) -> DependencyHealth:
        """The state of the connection. Never waits for the network.

        The state is also not ok while the reading of a queue is stopped because of its dead letters, and after
        two sends in a row (of `publish`, `retry` or `dead_letter`) were not confirmed, until a send is confirmed.
        """
        ...

    def close(self) -> None:
        """Close the connection permanently; unsettled deliveries are redelivered. May be called twice."""
        ...
