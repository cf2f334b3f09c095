"""Estimates how long the first message of the queue has waited, from what was published and the queue's length."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

MOST_RECORDS = 2_000
"""Batches that are kept; a queue with more messages than these had is long anyway."""


def head_age(published: Sequence[tuple[float, int]], length: int, now: float) -> float:
    """Seconds since the first message of the queue was published, assuming it holds the most recent ones.

    Args:
        published: time of confirmation and number of messages of each batch, oldest first.
        length: messages in the queue.
        now: on the same clock as `published`.

    Messages older than the first batch count as published with it.
    """
    left = length
    for moment, count in reversed(published):
        left -= count
        if left <= 0:
            return now - moment if length else 0.0
    return now - published[0][0] if published and length else 0.0


class Published:
    """The last batches that were published."""

    def __init__(self) -> None:
        self._batches: deque[tuple[float, int]] = deque(maxlen=MOST_RECORDS)

    def note(self, count: int, now: float) -> None:
        """Record that so many messages were confirmed."""
        if count:
            self._batches.append((now, count))

    def head_age(self, length: int, now: float) -> float:
        """See `head_age`."""
        return head_age(tuple(self._batches), length, now)
