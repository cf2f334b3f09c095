"""How long the first article in the news queue has waited, told from what was put into it and how much is left."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

MOST_RECORDS = 2_000
"""Batches remembered; a queue that holds more than they did is long anyway."""


def head_age(published: Sequence[tuple[float, int]], length: int, now: float) -> float:
    """Seconds since the first message of the queue was put there, if the last ones put there are in it.

    Args:
        published: when batches were confirmed and how many messages they were, oldest first.
        length: messages in the queue.
        now: on the same clock as `published`.

    What was in the queue before the first batch is counted from that batch.
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
        """So many messages were confirmed."""
        if count:
            self._batches.append((now, count))

    def head_age(self, length: int, now: float) -> float:
        """See `head_age`."""
        return head_age(tuple(self._batches), length, now)
