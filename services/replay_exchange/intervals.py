"""The opening and closing times of Binance's candle intervals, in milliseconds since the epoch."""

from __future__ import annotations

from datetime import UTC, datetime

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
WEEK_MS = 7 * DAY_MS
MONTH = "1M"

INTERVAL_MS = {
    "1s": 1000,
    "1m": MINUTE_MS,
    "3m": 3 * MINUTE_MS,
    "5m": 5 * MINUTE_MS,
    "15m": 15 * MINUTE_MS,
    "30m": 30 * MINUTE_MS,
    "1h": HOUR_MS,
    "2h": 2 * HOUR_MS,
    "4h": 4 * HOUR_MS,
    "6h": 6 * HOUR_MS,
    "8h": 8 * HOUR_MS,
    "12h": 12 * HOUR_MS,
    "1d": DAY_MS,
    "3d": 3 * DAY_MS,
    "1w": WEEK_MS,
}
"""The length in milliseconds of each interval of fixed length. `MONTH` is absent because its length varies."""

# Weeks open on Monday; the epoch was a Thursday.
FIRST_OPEN_MS = {WEEK_MS: 4 * DAY_MS}
"""When candles of a length first open after the epoch, in milliseconds; lengths that open at the epoch are absent."""


def can_be_built(interval: str, base_ms: int) -> bool:
    """Whether candles of `interval` can be built from whole base candles of length `base_ms`."""
    if interval == MONTH:
        return DAY_MS % base_ms == 0
    length = INTERVAL_MS.get(interval)
    return length is not None and length % base_ms == 0


def open_of(interval: str, instant_ms: int) -> int:
    """Return the opening time of the candle that contains `instant_ms`."""
    if interval == MONTH:
        day = datetime.fromtimestamp(instant_ms // 1000, UTC)
        return int(datetime(day.year, day.month, 1, tzinfo=UTC).timestamp()) * 1000
    length = INTERVAL_MS[interval]
    first = FIRST_OPEN_MS.get(length, 0)
    return (instant_ms - first) // length * length + first


def next_open(interval: str, open_ms: int) -> int:
    """Return the opening time of the candle that follows the candle opening at `open_ms`."""
    if interval == MONTH:
        return open_of(MONTH, open_ms + 32 * DAY_MS)
    return open_ms + INTERVAL_MS[interval]
