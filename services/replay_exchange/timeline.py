"""Converts between recorded times and the wall clock. All times are milliseconds since the epoch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.replay_exchange.intervals import DAY_MS, HOUR_MS, WEEK_MS

# The default start may be moved by a quarter of what is left to replay, to keep days and weeks whole.
_ALIGNMENTS_MS = (WEEK_MS, DAY_MS, 4 * HOUR_MS, HOUR_MS)


@dataclass(frozen=True)
class Timeline:
    """The mapping between recorded times and the wall clock.

    A wall-clock time is the recorded time plus `shift_ms`, which is a multiple of the length of a base candle.
    """

    shift_ms: int

    def to_recording(self, wall_ms: int) -> int:
        """Return the recorded time that is replayed at a wall-clock time."""
        return wall_ms - self.shift_ms

    def to_wall(self, recording_ms: int) -> int:
        """Return the wall-clock time at which a recorded time is replayed."""
        return recording_ms + self.shift_ms


def place(*, start_ms: int, anchor_ms: int, step_ms: int) -> Timeline:
    """Return the timeline that replays the recorded time `start_ms` at the wall-clock time `anchor_ms`.

    The shift is rounded down to a multiple of `step_ms`. Therefore the time that is replayed at `anchor_ms` is
    `start_ms`, or later by less than one step.
    """
    return Timeline((anchor_ms - start_ms) // step_ms * step_ms)


def default_start(spans: Sequence[tuple[int, int]], base_ms: int) -> tuple[int, int]:
    """Return a start time in the middle of the time that all spans cover, and the step by which times are shifted.

    Each span is a pair (start, end); the result is (start_ms, step_ms). The step is a week, a day, 4 hours or an
    hour: the longest of these that is a multiple of the base candle's length and at most a quarter of the time left
    to replay. If no such step exists, the step is the length of a base candle.
    """
    first, last = max(start for start, _ in spans), min(end for _, end in spans)
    if first >= last:
        first, last = min(start for start, _ in spans), max(end for _, end in spans)
    half = (last - first) // 2
    for step in _ALIGNMENTS_MS:
        if step % base_ms == 0 and step <= half // 4:
            return first + half, step
    return first + half, base_ms
