"""Detects a candle stream that has sent nothing new for too long, measured on two clocks.

A stream that repeats the same candle counts as silent, like a stream that sends nothing.

Two clocks are needed because each of them alone can be misleading. In a replay the wall clock may run many times
faster than real time, and the wall clock may be set forward. Even then the stream must have at least
`REAL_FLOOR_SECONDS` of real time, because the machine may be busy. If only real time counted, an accelerated replay
would miss hours of candles before a silence is detected. So a stream counts as silent in two cases: the limit has
passed in real seconds, or the limit has passed on the wall clock and `REAL_FLOOR_SECONDS` have passed in real time. A
wall clock that is set back therefore delays the detection by no more than the limit.
"""

from __future__ import annotations

from dataclasses import dataclass

from services.data_ingestor.market.candles import Candle

REAL_FLOOR_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time on both clocks: `wall` in seconds since the epoch, `real` on the monotonic clock."""

    wall: float
    real: float


class StreamActivity:
    """Tracks the time at which a stream last sent something new.

    Args:
        limit: the number of seconds after which a stream counts as silent.
        now: the time at which the stream begins.
    """

    def __init__(self, limit: float, now: Moment) -> None:
        self._limit = limit
        self._since = now
        self.newest: Candle | None = None

    def note(self, candles: list[Candle], now: Moment) -> bool:
        """Record an update of the stream; return whether it contains anything new."""
        if not candles or (self.newest is not None and candles[-1].open_ms < self.newest.open_ms):
            return False
        if candles[-1] == self.newest:
            return False
        self.newest = candles[-1]
        self._since = now
        return True

    def restart(self, now: Moment) -> None:
        """Start to measure the silence anew at `now`, because the stream was restarted or was found to work."""
        self._since = now

    def is_silent(self, now: Moment) -> bool:
        """Whether the stream has been silent for too long."""
        real = now.real - self._since.real
        wall = now.wall - self._since.wall
        return real >= self._limit or (wall >= self._limit and real >= min(self._limit, REAL_FLOOR_SECONDS))

    def is_behind(self, elsewhere: Candle | None) -> bool:
        """Whether REST has newer data than the stream, which shows that the stream has failed."""
        if elsewhere is None:
            return False
        if self.newest is None or elsewhere.open_ms > self.newest.open_ms:
            return True
        return elsewhere.open_ms == self.newest.open_ms and elsewhere != self.newest
