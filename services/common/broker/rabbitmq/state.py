"""Stores the state of the connection, so that threads that do not own the connection can read it and wait for it."""

from __future__ import annotations

import threading
from collections.abc import Callable

from services.common.errors import CryptoBoyError, TryLater
from services.common.runtime.health import DependencyHealth


class LinkState:
    """The state of the connection, which the link's thread sets and any thread may read.

    Attributes:
        blocked: the reason why RabbitMQ accepts no messages from this connection now, or None.
        closed: whether the link was closed permanently.
    """

    def __init__(self, place: str) -> None:
        self._place = place
        self._changed = threading.Condition()
        self._ready = False
        self._ever_ready = False
        self._attempts_ended = 0
        self._problem: CryptoBoyError = TryLater(f"{place}: not connected yet")
        self.blocked: str | None = None
        self.closed = False

    def wait_ready(self, timeout: float) -> None:
        """Return when there is a connection; raises TryLater with the problem if there is no connection in time."""
        with self._changed:
            self._changed.wait_for(lambda: self._ready or self.closed, timeout)
            if self.closed or not self._ready:
                raise TryLater(str(self._problem))

    def wait_attempt(self, begin: Callable[[], None], timeout: float) -> None:
        """If there is no connection, call `begin` and wait until an attempt to connect has ended.

        Raises:
            TryLater, StopProgram: the attempt failed, or it did not end within `timeout`.
        """
        with self._changed:
            if self.closed:
                raise self._problem
            if self._ready:
                return
            ended = self._attempts_ended
            begin()
            self._changed.wait_for(lambda: self._ready or self._attempts_ended != ended, timeout)
            if self._ready:
                return
            if self._attempts_ended == ended:
                raise TryLater(f"{self._place} did not answer within {timeout:.0f} s")
            raise self._problem

    def health(self) -> DependencyHealth:
        """The state of the connection for the health report of a service."""
        if not self._ready:
            return DependencyHealth(ok=False, detail=str(self._problem))
        if self.blocked is not None:
            return DependencyHealth(ok=False, detail=f"{self._place} takes no messages: {self.blocked}")
        return DependencyHealth(ok=True, detail=self._place)

    def set_ready(self) -> bool:
        """Record that there is a connection; returns whether there was an earlier one."""
        with self._changed:
            again = self._ever_ready
            self._ready = self._ever_ready = True
            self._changed.notify_all()
        return again

    def set_lost(self, error: CryptoBoyError) -> bool:
        """Record that an attempt failed or a connection ended; returns whether there was a connection."""
        with self._changed:
            was_ready, self._ready = self._ready, False
            self.blocked = None
            self._attempts_ended += 1
            if not self.closed:
                self._problem = error
            self._changed.notify_all()
        return was_ready

    def set_closed(self) -> bool:
        """Record that no more attempts are made; returns False if this was recorded before."""
        with self._changed:
            if self.closed:
                return False
            self.closed = True
            self._problem = TryLater(f"{self._place}: closed")
            self._changed.notify_all()
        return True
