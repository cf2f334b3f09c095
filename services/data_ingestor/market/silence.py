"""Detects a silent candle stream: one without anything new for too long, on two clocks.

A stream that repeats the same candle counts as silent, like one that sends nothing.

Two clocks, because each alone can mislead. The wall clock may run many times faster than real time in a replay, or be
set forward; then a busy machine must still get `REAL_FLOOR_SECONDS` of real time. With real time alone, an accelerated
replay would run for hours of candles before a silence is detected. So a stream is silent after the limit in real
seconds, or after the limit on the wall clock once the real floor has passed. A wall clock that is set back therefore
delays detection by no more than the limit.
"""

from __future__ import annotations

from dataclasses import dataclass

from services.data_ingestor.market.candles import Candle

REAL_FLOOR_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Moment:
    """One instant on both clocks: `wall` in seconds since the epoch, `real` on the monotonic clock."""

    wall: float
    real: float


class StreamActivity:
    """When one stream last sent something new.

    Args:
        limit: seconds after which a stream counts as silent.
        now: when the stream begins.
    """

    def __init__(self, limit: float, now: Moment) -> None:
        self._limit = limit
        self._since = now
        self.newest: Candle | None = None

    def note(self, candles: list[Candle], now: Moment) -> bool:
        """Record an update of the stream; returns whether it contains anything new."""
        if not candles or (self.newest is not None and candles[-1].open_ms < self.newest.open_ms):
            return False
        if candles[-1] == self.newest:
            return False
        self.newest = candles[-1]
        self._since = now
        return True

    def restart(self, now: Moment) -> None:
        """Count the silence from now on, because the stream was restarted or found to work."""
        self._since = now

    def is_silent(self, now: Moment) -> bool:
        """Whether the stream has been silent for too long."""
        real = now.real - self._since.real
        wall = now.wall - self._since.wall
        return real >= self._limit or (wall >= self._limit and real >= min(self._limit, REAL_FLOOR_SECONDS))

    def is_behind(self, elsewhere: Candle | None) -> bool:
        """Whether REST has something newer, so that the stream is at fault and not a market without trades."""
        if elsewhere is None:
            return False
        if self.newest is None or elsewhere.open_ms > self.newest.open_ms:
            return True
        return elsewhere.open_ms == self.newest.open_ms and elsewhere != self.newest
