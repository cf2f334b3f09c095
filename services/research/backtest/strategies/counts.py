"""Counts candles, signals and trades for the reports of all kinds of strategies. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

import pandas as pd

Row = dict[str, Any]


def count(holds: pd.Series[bool], candles: int) -> Row:
    """Count the candles at which a condition holds, and their share of all candles."""
    found = int(holds.sum())
    return {"candles": found, "share": share(found, candles)}


def share(part: int, whole: int) -> float | None:
    """Return the share, or None of nothing."""
    return part / whole if whole else None


def reasons(trades: pd.DataFrame) -> dict[str, int]:
    """Count the trades by exit reason, without the sentiment that the strategy appends to its exit tags."""
    first = trades["exit_reason"].astype("str").str.split().str[0]
    return {str(reason): int(found) for reason, found in first.value_counts().sort_index().items()}


class Level(NamedTuple):
    """A threshold, with the sentiment of all candles that is compared with it."""

    name: str
    value: float
    side: Literal["above", "below"]
    candles: pd.Series[float]

    def beyond(self, scores: pd.Series[float]) -> int:
        """Count the scores beyond the threshold."""
        return int(((scores > self.value) if self.side == "above" else (scores < self.value)).sum())


def signals_beyond(signals: pd.DataFrame, frames: Mapping[str, pd.DataFrame], levels: Iterable[Level]) -> Row:
    """Count, for each threshold, the signals beyond it and the candles whose sentiment lies beyond it.

    Args:
        signals: the signals of the traded pairs that became available in the period.
        frames: the candles with their columns of news, by pair.
        levels: the thresholds.
    """
    status = pd.concat([frame["sentiment_status"] for frame in frames.values()])
    return {
        "signals": len(signals),
        "degraded": int(signals["degraded"].sum()),
        "market_scope": int((signals["scope"] == "market").sum()),
        "by_pair": {
            str(pair): int(found) for pair, found in signals["pair"].value_counts().sort_index().items()
        },
        "thresholds": [_row(level, signals["score"]) for level in levels],
        "candles_with_fresh_sentiment": share(int((status == "fresh").sum()), len(status)),
    }


def _row(level: Level, scores: pd.Series[float]) -> Row:
    signals, candles = level.beyond(scores), level.beyond(level.candles)
    return {
        "name": level.name,
        "value": level.value,
        "side": level.side,
        "signals": signals,
        "signals_share": share(signals, len(scores)),
        "candles": candles,
        "candles_share": share(candles, len(level.candles)),
    }
