"""The one mapping between the recording's time and the wall clock. All times are epoch milliseconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.replay_exchange.intervals import DAY_MS, HOUR_MS, WEEK_MS

# The default start may be moved by a quarter of what is left to replay, to keep days and weeks whole.
_ALIGNMENTS_MS = (WEEK_MS, DAY_MS, 4 * HOUR_MS, HOUR_MS)


@dataclass(frozen=True)
class Timeline:
    """The wall clock is the recording's time plus `shift_ms`, a whole number of base candles."""

    shift_ms: int

    def to_recording(self, wall_ms: int) -> int:
        """The instant of the recording that is being replayed at a wall-clock instant."""
        return wall_ms - self.shift_ms

    def to_wall(self, recording_ms: int) -> int:
        """The wall-clock instant at which an instant of the recording is replayed."""
        return recording_ms + self.shift_ms


def place(*, start_ms: int, anchor_ms: int, step_ms: int) -> Timeline:
    """Replay `start_ms` of the recording at `anchor_ms` of the wall clock, shifted by whole steps.

    At the anchor the recording stands at `start_ms` or less than one step after it.
    """
    return Timeline((anchor_ms - start_ms) // step_ms * step_ms)


def default_start(spans: Sequence[tuple[int, int]], base_ms: int) -> tuple[int, int]:
    """The middle of what every span (start, end) covers, and a step that keeps long intervals whole.

    Returns (start_ms, step_ms). The step is the longest of week, day, 4 hours and hour that is a multiple of
    the base candle and costs at most a quarter of what is left to replay; else the base candle.
    """
    first, last = max(start for start, _ in spans), min(end for _, end in spans)
    if first >= last:
        first, last = min(start for start, _ in spans), max(end for _, end in spans)
    half = (last - first) // 2
    for step in _ALIGNMENTS_MS:
        if step % base_ms == 0 and step <= half // 4:
            return first + half, step
    return first + half, base_ms
