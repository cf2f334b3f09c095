"""What was judged and waits to be published, apart from the scoring: whoever scores goes on scoring."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")

GATHER_SECONDS = 0.01
"""How long more are waited for when several came at once: a sending costs nearly the same for one as for many."""


class Outbox(Generic[T]):
    """Gathers items while earlier ones are sent, so that under load many leave together.

    Args:
        send: sends items and ends what they came from.
        most: items that may wait. A subscription that hands out no more before something is acknowledged would do,
            but after each lost connection it hands out as many again.
    """

    def __init__(self, send: Callable[[Sequence[T]], None], most: int) -> None:
        self._send = send
        self._most = most
        self._changed = threading.Condition()
        self._items: deque[T] = deque()
        self._sending = False
        self._ended = False
        self._closed = threading.Event()

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits or is being sent."""
        return not (self._items or self._sending)

    def put(self, items: Sequence[T]) -> None:
        """Have items sent soon. Returns when no more wait than may, or when nothing is sent any more."""
        with self._changed:
            self._items.extend(items)
            self._changed.notify_all()
            self._changed.wait_for(lambda: len(self._items) <= self._most or self._ended)

    def close(self) -> None:
        """No more items come: `run` returns when those it has are sent."""
        with self._changed:
            self._closed.set()
            self._changed.notify_all()

    def run(self) -> None:
        """Send until closed. Raises what sending raises; what was not sent then is left to its subscription."""
        try:
            while items := self._take():
                self._send(items)
                if len(items) > 1:
                    self._closed.wait(GATHER_SECONDS)
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify_all()

    def _take(self) -> list[T]:
        with self._changed:
            self._sending = False
            self._changed.wait_for(lambda: self._items or self._closed.is_set())
            items = list(self._items)
            self._items.clear()
            self._sending = bool(items)
            self._changed.notify_all()
            return items
