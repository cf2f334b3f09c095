"""The state of the connection, for the threads that do not own it: to read, and to wait for."""

from __future__ import annotations

import threading
from collections.abc import Callable

from services.common.errors import CryptoBoyError, TryLater
from services.common.runtime.health import DependencyHealth


class LinkState:
    """Set by the link's thread, read by any.

    Attributes:
        blocked: why RabbitMQ accepts nothing from us now, or None.
        closed: whether the link was closed for good.
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
        """Return when there is a connection; raises TryLater with what is wrong if there is none in time."""
        with self._changed:
            self._changed.wait_for(lambda: self._ready or self.closed, timeout)
            if self.closed or not self._ready:
                raise TryLater(str(self._problem))

    def wait_attempt(self, begin: Callable[[], None], timeout: float) -> None:
        """Call `begin`, unless there is a connection, and wait for the end of an attempt to connect.

        Raises:
            TryLater, StopProgram: how the attempt ended, or that it did not within `timeout`.
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
        """For the report of a service."""
        if not self._ready:
            return DependencyHealth(ok=False, detail=str(self._problem))
        if self.blocked is not None:
            return DependencyHealth(ok=False, detail=f"{self._place} takes no messages: {self.blocked}")
        return DependencyHealth(ok=True, detail=self._place)

    def set_ready(self) -> bool:
        """There is a connection; returns whether it is a later one than the first."""
        with self._changed:
            again = self._ever_ready
            self._ready = self._ever_ready = True
            self._changed.notify_all()
        return again

    def set_lost(self, error: CryptoBoyError) -> bool:
        """An attempt failed or a connection ended; returns whether there was a connection."""
        with self._changed:
            was_ready, self._ready = self._ready, False
            self.blocked = None
            self._attempts_ended += 1
            if not self.closed:
                self._problem = error
            self._changed.notify_all()
        return was_ready

    def set_closed(self) -> bool:
        """No more attempts; False if that was so before."""
        with self._changed:
            if self.closed:
                return False
            self.closed = True
            self._problem = TryLater(f"{self._place}: closed")
            self._changed.notify_all()
        return True
