"""Candles on which the strategy soon enters: the pairs rise and fall in turn, so that one is always about to rise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

PAIRS = ("BTC/USDT", "ETH/USDT", "BNB/USDT", "LTC/USDT")
DAYS = 4
PERIOD = 12
"""Minutes from one low to the next. With the usual periods of the indicators there are two entries in each wave."""
_FALL = 4
_HEIGHT = 0.008
_PRICE = 100.0


def wave(number: int) -> pd.DataFrame:
    """The candles (1m, from 2025-01-01 on) of the pair with this number, a third of a period after the one before."""
    minutes = np.arange(DAYS * 24 * 60)
    phase = (minutes + number * PERIOD // 3) % PERIOD
    rise = PERIOD - _FALL
    height = np.where(phase < rise, phase / rise, (PERIOD - phase) / _FALL)
    close = _PRICE * (1 + _HEIGHT * height)
    before = np.concatenate([close[:1], close[:-1]])
    return pd.DataFrame(
        {
            "date": pd.date_range("2025-01-01", periods=len(minutes), freq="1min", tz="UTC"),
            "open": before.round(3),
            "high": (np.maximum(before, close) * 1.0001).round(3),
            "low": (np.minimum(before, close) * 0.9999).round(3),
            "close": close.round(3),
            "volume": np.where(close > before, 20.25 + phase, 5.25),
        }
    )


def write_candles(folder: Path) -> None:
    """Write the candles of all pairs as the files of a replay."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, pair in enumerate(PAIRS):
        wave(number).to_feather(folder / f"{pair.replace('/', '_')}-1m.feather")
