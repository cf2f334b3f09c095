"""Candles of made-up prices, and news that knows what they will do, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from cryptoboy_sentiment import Signal

from tests.support.strategy.strategy_samples import label_for, signal, write_csv

PAIRS = ("BTC/USDT", "ETH/USDT", "BNB/USDT")
HOUR = timedelta(hours=1)
START = datetime(2025, 5, 1, tzinfo=UTC)
STARTUP = 240
"""Candles before the start of the period, which the strategy's indicators start up with."""
AHEAD = 4
"""Hours that news which knows the future looks ahead."""

HEADLINE = "</script><b>Coins & <i>bulls</i>"
"""Of all news: feeds hold what they like."""

Scores = Callable[[pd.DataFrame, np.random.Generator], "np.ndarray[tuple[int], np.dtype[np.float64]]"]


def write_candles(folder: Path, days: int, seed: int = 1) -> dict[str, pd.DataFrame]:
    """Hourly candles of random prices for `days` from `START`, and the startup before them."""
    generator = np.random.default_rng(seed)
    count = STARTUP + 24 * days
    candles = {}
    for pair in PAIRS:
        # A swing of twelve hours, so that the MACD crosses often; drift and noise, so that no two swings are alike.
        swing = 0.006 * np.sin(np.arange(count) / 1.9 + generator.uniform(0, 6))
        close = 100 * np.exp(np.cumsum(generator.normal(0.0007, 0.004, count)) + swing)
        before = np.concatenate([[100.0], close[:-1]])
        wick = np.exp(np.abs(generator.normal(0, 0.001, (2, count))))
        candles[pair] = pd.DataFrame(
            {
                "date": pd.date_range(START - STARTUP * HOUR, periods=count, freq="h", unit="ms"),
                "open": before,
                "high": np.maximum(before, close) * wick[0],
                "low": np.minimum(before, close) / wick[1],
                "close": close,
                "volume": generator.lognormal(5, 0.2, count) * np.where(close > before, 3, 1),
            }
        )
        candles[pair].to_feather(folder / f"{pair.replace('/', '_')}-1h.feather")
    return candles


def knowing(frame: pd.DataFrame, _: np.random.Generator) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Scores that say what the price will do in the hours after the candle."""
    later = frame["close"].shift(-AHEAD) / frame["close"]
    return np.where(later > 1.0, 0.9, -0.3)


def misled(frame: pd.DataFrame, _: np.random.Generator) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Scores that say the opposite of it."""
    later = frame["close"].shift(-AHEAD) / frame["close"]
    return np.where(later > 1.0, -0.3, 0.9)


def blind(
    frame: pd.DataFrame, generator: np.random.Generator
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Scores that know nothing."""
    return generator.choice([0.9, -0.3], len(frame)).astype(np.float64)


def write_news(path: Path, candles: dict[str, pd.DataFrame], scores: Scores, seed: int = 1) -> Path:
    """One signal an hour and pair from `START` on, published and available within the candle that it scores."""
    generator = np.random.default_rng(seed)
    rows: list[Signal] = []
    for pair, frame in candles.items():
        for opened, score in zip(frame["date"], scores(frame, generator), strict=True):
            if opened < START:
                continue
            at = opened.to_pydatetime() + timedelta(minutes=20)
            one = signal(f"{pair} {at:%m%d%H}", pair=pair, score=float(score), headline=HEADLINE)
            rows.append(
                one._replace(
                    published=at, available_at=at + timedelta(minutes=5), label=label_for(float(score))
                )
            )
    rows.sort(key=lambda row: row.available_at)
    return write_csv(path, rows)
