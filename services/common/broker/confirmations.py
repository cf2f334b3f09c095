"""Tracks whether the broker confirms the messages sent to it. An open connection alone does not prove this.

If a queue is full or has lost most of its servers, it accepts no messages, although the publisher is still connected.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from services.common.errors import CryptoBoyError
from services.common.runtime.health import DependencyHealth

FAILURES_REPORTED = 2
"""Number of unconfirmed sends in a row from which health is not ok. A single one may be due to a lost connection."""


class Confirmations:
    """Counts the sends in a row that were not confirmed. Several threads may share an instance."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # of what follows
        self._failures = 0
        self._reason = ""

    @contextmanager
    def awaited(self) -> Iterator[None]:
        """A context manager for one send; the block must raise an error if the send is not confirmed."""
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
        """Report not ok after two sends in a row were not confirmed, until a send is confirmed."""
        with self._lock:
            if self._failures < FAILURES_REPORTED:
                return DependencyHealth(ok=True)
            return DependencyHealth(
                ok=False, detail=f"the last {self._failures} sends were not confirmed: {self._reason}"
            )
