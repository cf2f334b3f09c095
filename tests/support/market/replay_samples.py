"""Candles made up for the tests of the replay exchange, and a market that replays them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from services.replay_exchange.candles import CandleSeries
from services.replay_exchange.forming import Bar
from services.replay_exchange.intervals import MINUTE_MS
from services.replay_exchange.market import Market
from services.replay_exchange.timeline import Timeline

RECORDED = int(pd.Timestamp("2026-03-02T00:00:00Z").timestamp()) * 1000
"""A Monday at midnight, so that every interval up to a week opens here."""


def rising_bars(count: int) -> list[Bar]:
    """Bars that can be told apart: bar i opens at 100 + i, volume 1 + i / 10."""
    return [Bar(100.0 + i, 102.5 + i, 99.25 + i, 101.0 + i, round(1.0 + i / 10, 1)) for i in range(count)]


def series_of(
    bars: Sequence[Bar],
    *,
    pair: str = "BTC/USDT",
    start_ms: int = RECORDED,
    base_ms: int = MINUTE_MS,
    missing: Sequence[int] = (),
) -> CandleSeries:
    """A recording of those bars one after the other, without the `missing` indexes."""
    kept = [index for index in range(len(bars)) if index not in missing]
    columns = zip(*((b.open, b.high, b.low, b.close, b.volume) for b in (bars[i] for i in kept)), strict=True)
    return CandleSeries(
        pair,
        base_ms,
        np.array([start_ms + index * base_ms for index in kept], dtype=np.int64),
        *(np.array(column, dtype=np.float64) for column in columns),
    )


def market_of(series: CandleSeries, *, shift_ms: int = 0) -> Market:
    """A market that replays a recording `shift_ms` later."""
    return Market(series, Timeline(shift_ms))


def write_feather(series: CandleSeries, directory: Path, timeframe: str = "1m") -> Path:
    """The recording as Freqtrade writes it."""
    frame = pd.DataFrame(
        {
            "date": pd.to_datetime(series.opens, unit="ms", utc=True),
            "open": series.open,
            "high": series.high,
            "low": series.low,
            "close": series.close,
            "volume": series.volume,
        }
    )
    path = directory / f"{series.pair.replace('/', '_')}-{timeframe}.feather"
    frame.to_feather(path)
    return path
