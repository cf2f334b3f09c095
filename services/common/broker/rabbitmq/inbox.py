"""Between the link's thread, where deliveries arrive, and the thread that handles them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from services.common.broker.port import Delivery
from services.common.errors import CryptoBoyError, TryLater


class Token(NamedTuple):
    """A delivery's place: the tag means something only on its own channel."""

    channel_number: int
    tag: int


class Inbox:
    """What arrived and was not received yet, and how consuming goes. For any thread.

    Every channel that a subscription uses has a number. RabbitMQ delivers again what was not ended on a
    channel that is lost, so whatever carries an older number means nothing any more.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._arrived: deque[Delivery] = deque()
        self._in_hand: set[Token] = set()
        self._consuming = False
        self._problem: CryptoBoyError | None = None
        self.channel_number = 0
        self.closed = False

    def receive(self, max_messages: int, timeout: float) -> list[Delivery]:
        """See `port.Subscription.receive`."""
        with self._changed:
            self._changed.wait_for(lambda: self._arrived or self.closed, timeout)
            count = min(max_messages, len(self._arrived))
            deliveries = [self._arrived.popleft() for _ in range(count)]
            self._in_hand.update(each.token for each in deliveries if isinstance(each.token, Token))
            return deliveries

    def claim(self, deliveries: Sequence[Delivery]) -> list[Token]:
        """Take out of hand those that still are in hand, to end them; nobody else gets them any more."""
        with self._changed:
            tokens = [
                token
                for token in (each.token for each in deliveries)
                if isinstance(token, Token) and token in self._in_hand
            ]
            self._in_hand.difference_update(tokens)
            return tokens

    def unclaim(self, tokens: Sequence[Token]) -> None:
        """Ending did not work: they are in hand again, unless their channel was lost."""
        with self._changed:
            self._in_hand.update(token for token in tokens if token.channel_number == self.channel_number)

    def wait_consuming(self, timeout: float) -> None:
        """Return when RabbitMQ has agreed to the first subscription.

        Raises:
            TryLater: it has not within `timeout`, or the connection was lost.
            StopProgram: it refused.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._consuming or self._problem is not None, timeout)
            if self._problem is not None:
                raise self._problem
            if not self._consuming:
                raise TryLater(f"RabbitMQ did not agree to consume within {timeout:.0f} s")

    @property
    def problem(self) -> CryptoBoyError | None:
        """Why nothing can arrive now, or None."""
        return self._problem

    def put(self, delivery: Delivery) -> None:
        """A delivery arrived."""
        with self._changed:
            if not self.closed:
                self._arrived.append(delivery)
                self._changed.notify()

    def consuming(self) -> None:
        """RabbitMQ has agreed."""
        with self._changed:
            self._consuming = True
            self._problem = None
            self._changed.notify_all()

    def report(self, error: CryptoBoyError) -> None:
        """Consuming is not possible now; the first reason is the one to tell."""
        with self._changed:
            self._problem = self._problem or error
            self._changed.notify_all()

    def next_channel(self) -> None:
        """The channel is lost, and with it every delivery not ended."""
        with self._changed:
            self.channel_number += 1
            self._consuming = False
            self._arrived.clear()
            self._in_hand.clear()

    def close(self) -> bool:
        """Take no more; False if it was closed before."""
        with self._changed:
            if self.closed:
                return False
            self.closed = True
            self._arrived.clear()
            self._in_hand.clear()
            self._changed.notify_all()
            return True
