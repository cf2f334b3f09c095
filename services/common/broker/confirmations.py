"""Tracks whether the broker confirms the messages sent to it, which an open connection does not prove.

A queue that is full, or that has lost most of its servers, accepts no messages. The publisher stays connected and
waits.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from services.common.errors import CryptoBoyError
from services.common.runtime.health import DependencyHealth

FAILURES_REPORTED = 2
"""Number of unconfirmed sends in a row that is reported. One may be chance, such as a connection lost in mid-send."""


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
        """Report ok until two sends in a row were not confirmed, and again as soon as a send is confirmed."""
        with self._lock:
            if self._failures < FAILURES_REPORTED:
                return DependencyHealth(ok=True)
            return DependencyHealth(
                ok=False, detail=f"the last {self._failures} sends were not confirmed: {self._reason}"
            )
