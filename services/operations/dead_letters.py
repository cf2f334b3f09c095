"""Lists, replays and deletes dead letters through the broker port, so it works with every broker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from services.common.broker.port import Broker, Delivery, OutgoingMessage, Subscription
from services.common.broker.topology import (
    HEADER_ATTEMPTS,
    HEADER_FIRST_ERROR,
    HEADER_LAST_ERROR,
    HEADER_REASON,
    QUEUES,
    Queue,
)
from services.common.errors import NeverWorks, StopProgram
from services.common.runtime.tracing import trace_headers, trace_id_of

RECEIVE_SECONDS = 2.0
PUBLISH_SECONDS = 15.0
MOST_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Room:
    """How many dead letters are received from each queue.

    Attributes:
        letters: the largest number.
        bytes: the size of their bodies from which on no more are received; None is without a limit.
        at_once: the number that the broker may send before they are counted, so that the memory stays bounded.
    """

    letters: int = MOST_AT_ONCE
    bytes: int | None = None
    at_once: int = MOST_AT_ONCE


NO_LIMIT = Room()
"""For a process of its own: 10,000 letters of any size."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A dead letter.

    Attributes:
        queue: the queue from which its consumer moved the message to the dead letters.
        id: the message_id; the broker's adapter generates one for a message that has none.
    """

    queue: str
    id: str
    reason: str
    attempts: int
    first_error: str
    last_error: str
    body: bytes


def dead_letter_of(delivery: Delivery, queue: str) -> DeadLetter:
    """Convert a delivery from the dead-letter queue of `queue`."""
    headers = delivery.headers
    attempts = headers.get(HEADER_ATTEMPTS, 0)
    return DeadLetter(
        queue=queue,
        id=delivery.message_id,
        reason=str(headers.get(HEADER_REASON, "")),
        attempts=attempts if isinstance(attempts, int) else 0,
        first_error=str(headers.get(HEADER_FIRST_ERROR, "")),
        last_error=str(headers.get(HEADER_LAST_ERROR, "")),
        body=delivery.body,
    )


def queues_with_dead_letters(name: str | None) -> tuple[Queue, ...]:
    """The queue called `name`, with or without the suffix `.dlq`; if None, all queues that can have dead letters.

    Raises:
        StopProgram: there is no such queue; the message lists the queues.
    """
    retried = tuple(queue for queue in QUEUES if queue.retried)
    if name is None:
        return retried
    chosen = tuple(queue for queue in retried if name in {queue.name, queue.dead_letter_name})
    if not chosen:
        raise StopProgram(
            f"no dead letters belong to {name!r}; choose from {', '.join(queue.name for queue in retried)}"
        )
    return chosen


class DeadLetterBox:
    """Receives the dead letters of some queues; when closed, returns those that were neither replayed nor dropped.

    Args:
        broker: a connected broker.
        queues: the queues to which the letters belong.
        room: how many are received, the oldest first.

    Raises:
        TryLater: the broker does not answer.
    """

    def __init__(self, broker: Broker, queues: Sequence[Queue], room: Room = NO_LIMIT) -> None:
        self._broker = broker
        self._queues = queues
        self._room = room
        self._held: list[tuple[Queue, Subscription, Delivery]] = []
        self._subscriptions: list[Subscription] = []

    def __enter__(self) -> Self:
        ready = {state.name: state.ready for state in self._broker.queues()}
        for queue in self._queues:
            self._take(queue, min(ready.get(queue.dead_letter_name, 0), self._room.letters))
        return self

    def _take(self, queue: Queue, expected: int) -> None:
        """Receive portion by portion, each by a subscription of its own, because the first one gets no more.

        If letters of one portion are settled, its subscription gets younger ones, which then return to the queue before
        the letters of the next portions.
        """
        most, size = self._room.bytes, 0
        while expected > 0 and (most is None or size < most):
            asked = min(expected, self._room.at_once)
            deliveries = self._portion(queue, asked)
            if len(deliveries) < asked:  # another consumer holds the rest
                return
            expected -= asked
            size += sum(len(delivery.body) for delivery in deliveries)

    def _portion(self, queue: Queue, expected: int) -> list[Delivery]:
        subscription = self._broker.subscribe(queue.dead_letter_name, expected)
        self._subscriptions.append(subscription)
        taken: list[Delivery] = []
        while len(taken) < expected:
            deliveries = subscription.receive(expected - len(taken), RECEIVE_SECONDS)
            if not deliveries:
                break
            taken += deliveries
        self._held += [(queue, subscription, delivery) for delivery in taken]
        return taken

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for subscription in self._subscriptions:
            subscription.close()

    def letters(self) -> list[DeadLetter]:
        """The dead letters that were received, oldest first in each queue."""
        return [dead_letter_of(delivery, queue.name) for queue, _, delivery in self._held]

    def find(self, identity: str) -> DeadLetter:
        """The dead letter with this id. Raises NeverWorks if none has it."""
        for letter in self.letters():
            if letter.id == identity:
                return letter
        raise NeverWorks(f"there is no dead letter {identity!r}; ./cryptoboy queues dlq list shows their ids")

    def replay(self, identities: frozenset[str] | None) -> int:
        """Publish the dead letters with these ids (None: all) to their queues as new messages; return their number.

        Other queues that received a copy of the original message receive no copy of the new one. A dead letter is
        removed only after the broker has confirmed the new message.

        Raises:
            TryLater: the broker does not accept a message now; this message and those after it remain dead letters.
            NeverWorks: an id is unknown, and nothing was moved; or a message can never be published, and it remains a
                dead letter with all those after it.
        """
        chosen = self._choose(identities)
        for queue, subscription, delivery in chosen:
            letter = dead_letter_of(delivery, queue.name)
            trace_id = trace_id_of(delivery.headers, delivery.message_id)
            headers = trace_headers(trace_id) if trace_id else {}
            message = OutgoingMessage(queue.name, delivery.body, letter.id, headers)
            self._broker.publish([message], PUBLISH_SECONDS)
            subscription.ack([delivery])
        return len(chosen)

    def drop(self, identities: frozenset[str] | None) -> int:
        """Delete the dead letters with these ids (None: all). Return their number.

        Raises:
            NeverWorks: an id is unknown; no dead letter was deleted.
        """
        chosen = self._choose(identities)
        for _, subscription, delivery in chosen:
            subscription.ack([delivery])
        return len(chosen)

    def _choose(self, identities: frozenset[str] | None) -> list[tuple[Queue, Subscription, Delivery]]:
        if identities is None:
            return list(self._held)
        for identity in identities:
            self.find(identity)
        return [held for held in self._held if dead_letter_of(held[2], held[0].name).id in identities]
