"""Passes rows from the threads that read the store and Freqtrade to the one thread that writes the history."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from services.common.history.port import Batch

MOST_BATCHES = 100
_LOOK_SECONDS = 0.5


class Inbox:
    """A bounded queue of batches. While it is full, those who put wait: what they read next stays where it is."""

    def __init__(self, most: int = MOST_BATCHES) -> None:
        self._waiting: queue.Queue[Batch] = queue.Queue(most)

    def put(self, batch: Batch, stop: threading.Event) -> bool:
        """Add a batch; waits while the inbox is full. Returns False if `stop` was set meanwhile."""
        while not stop.is_set():
            try:
                self._waiting.put(batch, timeout=_LOOK_SECONDS)
            except queue.Full:
                continue
            return True
        return False

    def take(self) -> list[Batch]:
        """Take all waiting batches, the oldest first."""
        found = []
        while True:
            try:
                found.append(self._waiting.get_nowait())
            except queue.Empty:
                return found


def merged(batches: Iterable[Batch]) -> Batch:
    """One batch with the rows of all; of the positions with the same name, the last one."""
    rows: dict[str, list[Any]] = {each.name: [] for each in fields(Batch) if each.name != "cursors"}
    cursors: dict[str, str] = {}
    for batch in batches:
        for name, found in rows.items():
            found.extend(getattr(batch, name))
        cursors |= batch.cursors
    return Batch(**rows, cursors=cursors)


def is_empty(batch: Batch) -> bool:
    """Whether there is nothing to write."""
    return not any(getattr(batch, each.name) for each in fields(Batch))
