"""Whether a candle stream still lives: judged by what is new in it, on two clocks.

A stream that sends nothing and one that repeats the same candle for ever look alike here: nothing new.

Two clocks, because each alone can be wrong. The wall clock may run many times faster than real time when
history is replayed, or be set forward; then a busy machine must still be given `REAL_FLOOR_SECONDS` of real
time. Real time alone would let an accelerated replay run for hours of candles before anyone looks. So a stream
is silent after the limit in real seconds, or after the limit on the wall clock once the real floor has passed.
A wall clock that is set back therefore delays nothing beyond the limit.
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


class Pulse:
    """The last news of one stream.

    Args:
        limit: seconds of silence that are too long.
        now: when the stream begins.
    """

    def __init__(self, limit: float, now: Moment) -> None:
        self._limit = limit
        self._since = now
        self.newest: Candle | None = None

    def heard(self, candles: list[Candle], now: Moment) -> bool:
        """Take what the stream told; returns whether any of it was new."""
        if not candles or (self.newest is not None and candles[-1].open_ms < self.newest.open_ms):
            return False
        if candles[-1] == self.newest:
            return False
        self.newest = candles[-1]
        self._since = now
        return True

    def count_anew(self, now: Moment) -> None:
        """The stream was restarted, or found to be well: the silence begins now."""
        self._since = now

    def is_silent(self, now: Moment) -> bool:
        """Whether it is time to doubt the stream."""
        real = now.real - self._since.real
        wall = now.wall - self._since.wall
        return real >= self._limit or (wall >= self._limit and real >= min(self._limit, REAL_FLOOR_SECONDS))

    def is_behind(self, elsewhere: Candle | None) -> bool:
        """Whether REST knows of something newer, so that the silence is the stream's and not the market's."""
        if elsewhere is None:
            return False
        if self.newest is None or elsewhere.open_ms > self.newest.open_ms:
            return True
        return elsewhere.open_ms == self.newest.open_ms and elsewhere != self.newest
