"""A world in which nothing happens by itself: no news but what a test publishes, and prices that stand still."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

DAYS = 4
PRICES = {"BTC_USDT": 60_000.01, "ETH_USDT": 3_000.01, "BNB_USDT": 600.01}
"""The exchange derives the precision of a market from the decimals of its candles."""
CANDLES = "/candles"
VARIABLES = {"WORLD_NEWS_SECONDS": "0", "WORLD_CANDLES": CANDLES}
"""For `.env`."""


def still_world(folder: Path) -> dict[str, Any]:
    """Write candles into a folder; return a Compose file for which VARIABLES leave nothing to happen by itself."""
    candles = folder / "candles"
    candles.mkdir()
    for name, price in PRICES.items():
        dates = pd.date_range("2026-01-05", periods=DAYS * 24 * 60, freq="1min", tz="UTC")
        prices = dict.fromkeys(("open", "high", "low", "close"), price)
        frame = pd.DataFrame({"date": dates, **prices, "volume": 5.00001})
        frame.to_feather(candles / f"{name}-1m.feather")
    return {
        "services": {
            "world": {"volumes": [f"{candles}:{CANDLES}:ro"]},
            "ollama": {"environment": {"STANDIN_SECONDS": "0.02"}},
        }
    }
