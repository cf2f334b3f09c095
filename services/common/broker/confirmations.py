"""Whether the broker confirms what is sent to it: an open connection alone does not show that.

A queue that is full, or has lost most of its servers, accepts nothing from a publisher that is connected and waits.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from services.common.errors import CryptoBoyError
from services.common.runtime.health import DependencyHealth

FAILURES_REPORTED = 2
"""A single one may be chance, as when a connection is lost while a message is in flight."""


class Confirmations:
    """Counts the sends in a row that were not confirmed. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # of what follows
        self._failures = 0
        self._reason = ""

    @contextmanager
    def awaited(self) -> Iterator[None]:
        """Around one send, which raises if it is not confirmed."""
        try:
            yield
        except CryptoBoyError as error:
            with self._lock:
                self._failures += 1
                self._reason = str(error)
            raise
        with self._lock:
            self._failures = 0

    def health(self) -> DependencyHealth:
        """Well until two sends in a row were not confirmed, and again as soon as one is."""
        with self._lock:
            if self._failures < FAILURES_REPORTED:
                return DependencyHealth(ok=True)
            return DependencyHealth(
                ok=False, detail=f"the last {self._failures} sends were not confirmed: {self._reason}"
            )
