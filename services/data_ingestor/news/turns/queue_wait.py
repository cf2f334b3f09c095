"""Estimates how long the queue's first message has waited, from the published batches and the length of the queue."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

MOST_RECORDS = 2_000
"""The number of batches that are recorded. A queue that has more messages than all these batches together counts as
long in any case."""


def head_age(published: Sequence[tuple[float, int]], length: int, now: float) -> float:
    """Return the seconds since the queue's first message was published, assuming that older messages leave first.

    Args:
        published: the time of confirmation and the number of messages of each batch, oldest first.
        length: the number of messages in the queue.
        now: the current time on the same clock as `published`.

    Messages older than the first batch count as published with it.
    """
    left = length
    for moment, count in reversed(published):
        left -= count
        if left <= 0:
            return now - moment if length else 0.0
    return now - published[0][0] if published and length else 0.0


class Published:
    """The most recently published batches."""

    def __init__(self) -> None:
        self._batches: deque[tuple[float, int]] = deque(maxlen=MOST_RECORDS)

    def note(self, count: int, now: float) -> None:
        """Record that `count` messages were confirmed at `now`."""
        if count:
            self._batches.append((now, count))

    def head_age(self, length: int, now: float) -> float:
        """Return the result of the function `head_age` for the recorded batches."""
        return head_age(tuple(self._batches), length, now)
