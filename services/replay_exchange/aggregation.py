"""Candles of any interval built from base candles, placed on the wall clock."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from services.replay_exchange.candles import CandleSeries, Times
from services.replay_exchange.decimals import PLACES, Floats
from services.replay_exchange.forming import Bar
from services.replay_exchange.intervals import MONTH, next_open, open_of

TRADES_A_CANDLE = 4
"""Trades reported for a base candle with volume. The recording does not count them; its prices are four."""


@dataclass(frozen=True)
class Kline:
    """A candle as the exchange shows it; times are wall-clock milliseconds.

    `quote_volume` and `trades` are estimates: Freqtrade's files do not record them.
    """

    open_ms: int
    close_ms: int
    bar: Bar
    quote_volume: float
    trades: int
    closed: bool


@dataclass(frozen=True, eq=False)
class Columns:
    """Candles of one interval as columns of one length, oldest first; `opens` is wall-clock milliseconds."""

    opens: Times
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    quote_volume: Floats
    trades: Times

    @property
    def size(self) -> int:
        """How many candles."""
        return int(self.opens.size)

    def bar(self, index: int) -> Bar:
        """Prices and volume of the candle at `index`."""
        prices = (self.open, self.high, self.low, self.close, self.volume)
        return Bar(*(float(column[index]) for column in prices))

    def kline(self, index: int, interval: str, *, closed: bool = True) -> Kline:
        """The candle at `index` of columns of `interval`."""
        open_ms = int(self.opens[index])
        close_ms = next_open(interval, open_ms) - 1
        quote_volume, trades = float(self.quote_volume[index]), int(self.trades[index])
        return Kline(open_ms, close_ms, self.bar(index), quote_volume, trades, closed)

    def part(self, begin: int, stop: int) -> Columns:
        """The candles from index `begin` up to, not including, `stop`."""
        return Columns(*(getattr(self, field.name)[begin:stop] for field in fields(self)))

    def followed_by(self, later: Columns) -> Columns:
        """These candles, then the `later` ones."""
        return Columns(
            *(
                np.concatenate([getattr(self, field.name), getattr(later, field.name)])
                for field in fields(self)
            )
        )


def base_columns(series: CandleSeries, shift_ms: int) -> Columns:
    """The recording itself, moved by `shift_ms`; its quote volume is volume times the mean price."""
    mean = (series.open + series.high + series.low + series.close) / 4
    return Columns(
        series.opens + shift_ms,
        series.open,
        series.high,
        series.low,
        series.close,
        series.volume,
        np.round(series.volume * mean, PLACES),
        np.where(series.volume > 0, TRADES_A_CANDLE, 0).astype(np.int64),
    )


def forming_columns(open_ms: int, bar: Bar, elapsed: float) -> Columns:
    """One base candle that has come as far as `bar` after the fraction `elapsed` of its time."""
    quote_volume = round(bar.volume * (bar.open + bar.high + bar.low + bar.close) / 4, PLACES)
    trades = 1 + int(elapsed * (TRADES_A_CANDLE - 1)) if bar.volume else 0
    return Columns(
        np.array([open_ms], dtype=np.int64),
        _one(bar.open),
        _one(bar.high),
        _one(bar.low),
        _one(bar.close),
        _one(bar.volume),
        _one(quote_volume),
        np.array([trades], dtype=np.int64),
    )


def aggregate(base: Columns, interval: str, volume_places: int) -> Columns:
    """Candles of `interval` from base candles; a group with missing base candles is made of those it has."""
    if base.size == 0:
        return base
    keys = _group_opens(base.opens, interval)
    first = np.flatnonzero(np.r_[True, np.diff(keys) != 0])
    last = np.r_[first[1:], keys.size] - 1
    return Columns(
        keys[first],
        base.open[first],
        np.maximum.reduceat(base.high, first),
        np.minimum.reduceat(base.low, first),
        base.close[last],
        _rounded_sums(base.volume, first, volume_places),
        _rounded_sums(base.quote_volume, first, PLACES),
        np.add.reduceat(base.trades, first),
    )


def _one(number: float) -> Floats:
    return np.array([number], dtype=np.float64)


def _rounded_sums(values: Floats, first: npt.NDArray[np.intp], places: int) -> Floats:
    sums: Floats = np.add.reduceat(values, first)
    return np.round(sums, places).astype(np.float64)


def _group_opens(opens: Times, interval: str) -> Times:
    if interval == MONTH:
        months = opens.astype("datetime64[ms]").astype("datetime64[M]")
        return months.astype("datetime64[ms]").astype(np.int64)
    first = open_of(interval, 0)
    length = next_open(interval, first) - first
    return (opens - first) // length * length + first
