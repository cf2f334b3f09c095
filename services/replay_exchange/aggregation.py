"""Builds candles of any interval from the recorded base candles, with times on the wall clock."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.replay_exchange.candles import CandleSeries, Times
from services.replay_exchange.decimals import PLACES
from services.replay_exchange.forming import Bar
from services.replay_exchange.intervals import MONTH, next_open, open_of

TRADES_A_CANDLE = 4
"""The number of trades reported for a base candle with volume. Recordings have no trade counts, so one is reported
for each of the four prices."""


@dataclass(frozen=True)
class Kline:
    """A candle as the exchange reports it. All times are wall-clock milliseconds.

    `quote_volume` and `trades` are estimates because Freqtrade's files do not record them.
    """

    open_ms: int
    close_ms: int
    bar: Bar
    quote_volume: float
    trades: int
    closed: bool


Candles = npt.NDArray[np.void]
"""The candles of one interval, oldest first, as rows of `_ROW`. `open_ms` is a wall-clock time."""
_ROW = np.dtype(
    [("open_ms", np.int64)]
    + [(name, np.float64) for name in ("open", "high", "low", "close", "volume", "quote_volume")]
    + [("trades", np.int64)]
)


def bar_of(row: np.void) -> Bar:
    """Return the prices and the volume of a candle row."""
    return Bar(*(float(row[name]) for name in ("open", "high", "low", "close", "volume")))


def kline_of(row: np.void, interval: str, *, closed: bool = True) -> Kline:
    """Convert a candle row of `interval` to the form in which the exchange reports it."""
    open_ms = int(row["open_ms"])
    close_ms = next_open(interval, open_ms) - 1
    return Kline(open_ms, close_ms, bar_of(row), float(row["quote_volume"]), int(row["trades"]), closed)


def base_candles(series: CandleSeries, shift_ms: int) -> Candles:
    """Return the recorded candles moved by `shift_ms`. The quote volume is volume times mean of the four prices."""
    candles = np.empty(series.opens.size, dtype=_ROW)
    candles["open_ms"] = series.opens + shift_ms
    for name in ("open", "high", "low", "close", "volume"):
        candles[name] = getattr(series, name)
    mean = (series.open + series.high + series.low + series.close) / 4
    candles["quote_volume"] = np.round(series.volume * mean, PLACES)
    candles["trades"] = np.where(series.volume > 0, TRADES_A_CANDLE, 0)
    return candles


def forming_candle(open_ms: int, bar: Bar, elapsed: float) -> Candles:
    """Return the base candle that is forming. `bar` is that candle when the fraction `elapsed` of it has passed."""
    quote_volume = round(bar.volume * (bar.open + bar.high + bar.low + bar.close) / 4, PLACES)
    trades = 1 + int(elapsed * (TRADES_A_CANDLE - 1)) if bar.volume else 0
    row = (open_ms, bar.open, bar.high, bar.low, bar.close, bar.volume, quote_volume, trades)
    return np.array([row], dtype=_ROW)


def aggregate(base: Candles, interval: str, volume_places: int) -> Candles:
    """Build the candles of `interval` from base candles. Missing base candles of an interval are ignored."""
    if base.size == 0:
        return base
    keys = _group_opens(base["open_ms"], interval)
    first = np.flatnonzero(np.r_[True, np.diff(keys) != 0])
    candles = base[first]
    candles["open_ms"] = keys[first]
    candles["high"] = np.maximum.reduceat(base["high"], first)
    candles["low"] = np.minimum.reduceat(base["low"], first)
    candles["close"] = base["close"][np.r_[first[1:], keys.size] - 1]
    candles["volume"] = np.round(np.add.reduceat(base["volume"], first), volume_places)
    candles["quote_volume"] = np.round(np.add.reduceat(base["quote_volume"], first), PLACES)
    candles["trades"] = np.add.reduceat(base["trades"], first)
    return candles


def _group_opens(opens: Times, interval: str) -> Times:
    if interval == MONTH:
        months = opens.astype("datetime64[ms]").astype("datetime64[M]")
        return months.astype("datetime64[ms]").astype(np.int64)
    first = open_of(interval, 0)
    length = next_open(interval, first) - first
    return (opens - first) // length * length + first
