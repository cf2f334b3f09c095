"""What the services need of a message broker.

Delivery is at least once: a consumer must be able to handle the same message twice. A handler settles each delivery
in exactly one way: `ack` (done), `retry` (not now), `dead_letter` (never), or `release` (not handled at all,
as when the service stops). Deliveries that are unsettled when a connection or a process dies are redelivered.

All methods may be called from any thread. A method that cannot do its work raises one of the errors named
in its docstring, or StopProgram when a person has to correct something first (rights, a damaged file), and
nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from services.common.errors import TryLater
from services.common.runtime.health import DependencyHealth


class TooManyDeadLetters(TryLater):
    """Nearly all of the last messages of a queue became dead letters: this process reads it no further.

    Close the subscription, so that the other messages stay in the queue until a person has looked at them.
    """


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """A message for the exchange `cryptoboy.events`.

    Attributes:
        routing_key: one of the keys of `topology`, such as `news.article`, or the name of a queue.
        body: UTF-8 JSON.
        message_id: stable over re-publication, so that a consumer can recognise the same message.
        headers: further headers; the schema version and the attempt count are added by the adapter.
    """

    routing_key: str
    body: bytes
    message_id: str
    headers: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message as a consumer received it.

    Attributes:
        attempts: how often handling it has failed before, by our own count; a lost connection does not count.
        redelivered: whether it may have been delivered before.
        token: the adapter's handle; means nothing to others.
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
    """What one queue holds.

    Attributes:
        unacknowledged: deliveries in flight, not settled; None where the protocol of the broker does not say.
        oldest_seconds: since the oldest message was published; None if there is none or it is unknown.
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
        """Wait up to `timeout` seconds for a first message, then return what is there, up to `max_messages`.

        An empty list means that none came. While the broker is away this waits as if the queue were empty;
        reconnecting goes on by itself.
        """
        ...

    def ack(self, deliveries: Sequence[Delivery]) -> None:
        """Acknowledge deliveries. Never waits for the network.

        A delivery that was settled before, or is from a connection since lost, is ignored.
        """
        ...

    def release(self, deliveries: Sequence[Delivery]) -> None:
        """Requeue deliveries without counting a failure; they are redelivered, here or elsewhere."""
        ...

    def retry(self, delivery: Delivery, error: str) -> None:
        """Count a failure and deliver the message again after a delay that grows with the attempts.

        After `RETRY_MAX_ATTEMPTS` failures it is dead-lettered instead. A queue without dead letters
        (candles) drops it. Counted and logged here, not by the caller. Only for the queues of
        `topology.QUEUES`; what comes from a `.retry` or `.dlq` is acknowledged or released.

        Raises:
            TooManyDeadLetters: it would become a dead letter, as nearly all before it did; see
                `Settings.dead_letter_limit`. The delivery stays unsettled.
            TryLater: the broker did not confirm in time. The delivery stays unsettled: call again, or close
                the subscription, and it is redelivered.
        """
        ...

    def dead_letter(self, delivery: Delivery, reason: str) -> None:
        """Move the message to the queue's dead letters, with the reason in its headers.

        Raises:
            TooManyDeadLetters, TryLater: as for `retry`.
        """
        ...

    def close(self) -> None:
        """Stop consuming; unsettled deliveries are redelivered. May be called twice."""
        ...


class Broker(Protocol):
    """A connection to a broker. Connects by itself, and again after every loss, with back-off."""

    def start(self) -> None:
        """Connect and make sure that the topology is there.

        Raises:
            TryLater: the broker does not answer; may be called again.
            StopProgram: refused for good (credentials, rights, a queue declared otherwise); says the way out.
        """
        ...

    def publish(self, messages: Sequence[OutgoingMessage], timeout: float = 30.0) -> None:
        """Return when the broker has confirmed that it stored every message.

        Every queue that is bound to a message's routing key stores a copy of its own. A key that is the name of a
        queue leads to this queue alone.

        Raises:
            TryLater: away, too slow, or a queue is full. Some of the messages may have been stored.
            NeverWorks: no queue takes this routing key, or a message is too large; what is too large is
                found before anything is stored.
        """
        ...

    def subscribe(self, queue: str, prefetch: int) -> Subscription:
        """Begin to consume; `prefetch` is the most unsettled deliveries.

        After a loss of the connection the subscription comes back by itself.

        Raises:
            TooManyDeadLetters: reading this queue was stopped by a subscription before this one.
            TryLater: the broker is away.
            StopProgram: there is no such queue, or it may not be read.
        """
        ...

    def queues(self) -> list[QueueState]:
        """The state of every queue of the topology.

        Raises:
            TryLater: the broker is away.
        """
        ...

    def health(self) -> DependencyHealth:
        """How the connection is. Never waits for the network.

        Not ok either while a queue is not read any more because of its dead letters, and when two sends in a row
        (of `publish`, `retry` or `dead_letter`) were not confirmed, until one is.
        """
        ...

    def close(self) -> None:
        """Close for good; unsettled deliveries are redelivered. May be called twice."""
        ...
