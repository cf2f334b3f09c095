"""Signals and candles made up for the tests of the strategy."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cryptoboy_sentiment as news
import numpy as np
import pandas as pd
import redis

PAIR = "BTC/USDT"
NOON = datetime(2025, 6, 2, 12, 0, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


def at(minutes: float) -> datetime:
    """So many minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def signal(
    article: str = "a1",
    *,
    published: float = 0,
    available: float | None = None,
    score: float = 0.8,
    **other: Any,
) -> news.Signal:
    """A signal published so many minutes after noon, and available one minute later unless told."""
    fields: dict[str, Any] = {
        "available_at": at(published + 1 if available is None else available),
        "published": at(published),
        "pair": PAIR,
        "score": score,
        "label": label_for(score),
        "confidence": 0.9,
        "scope": "asset",
        "degraded": False,
        "weight": 1.0,
        "corroboration": 0.0,
        "article_id": article,
        "revision": 0,
        "source": "the-ledger",
        "headline": f"What {article} reports",
        "model": "m1",
        "owner": "",
        "suspected": False,
        "event_type": "other",
    }
    return news.Signal(**fields | other)


def label_for(score: float) -> str:
    """The label that belongs to a score."""
    for label, low in (("very_bullish", 0.7), ("bullish", 0.3)):
        if score >= low:
            return label
        if score <= -low:
            return label.replace("bull", "bear")
    return "neutral"


def opens(*minutes: float) -> pd.Series[Any]:
    """Opening times of candles, so many minutes after noon."""
    return pd.Series([at(minute) for minute in minutes], dtype="datetime64[us, UTC]")


def raw(one: news.Signal) -> dict[str, str]:
    """A signal as cells of the history CSV."""
    fields = {name: str(value) for name, value in one._asdict().items()}
    times = {"available_at": one.available_at.isoformat(), "published": one.published.isoformat()}
    return fields | times


def message(one: news.Signal, **other: Any) -> bytes:
    """A signal as the message that the store keeps."""
    body: dict[str, Any] = {
        "type": "sentiment_signal",
        "article_id": one.article_id,
        "pair": one.pair,
        "source": one.source,
        "headline": one.headline,
        "sentiment_score": one.score,
        "sentiment_label": one.label,
        "published": one.published.isoformat(),
        "analyzed_at": one.available_at.isoformat(),
        "model": one.model,
        "revision": one.revision,
        "confidence": one.confidence,
        "rationale": "it says so",
        "scope": one.scope,
        "available_at": one.available_at.isoformat(),
        "degraded": one.degraded,
        "owner": one.owner,
        "suspected": one.suspected,
        "event_type": one.event_type,
    }
    return json.dumps(body | other).encode()


def strategy_client(host: str, port: int, password: str | None = None, **other: Any) -> redis.Redis:
    """A connection as the strategy makes it."""
    return news.connect(news.Settings(redis_host=host, redis_port=port, redis_password=password, **other))


def milliseconds(moment: datetime) -> int:
    """Since the epoch."""
    return round(moment.timestamp() * 1000)


def write_csv(path: Path, signals: Iterable[news.Signal | Mapping[str, str]]) -> Path:
    """A history CSV of signals, or of cells where something shall be wrong with them."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, news.Signal._fields)
        writer.writeheader()
        for one in signals:
            writer.writerow(raw(one) if isinstance(one, news.Signal) else one)
    return path


def wavy_candles(count: int, *, start: datetime = NOON, step: timedelta = QUARTER) -> pd.DataFrame:
    """Candles of a price that swings as it rises, so that entries have their moments; always the same."""
    clock = np.arange(count)
    close = 100 + np.sin(clock / 60) + np.sin(clock / 1.5) + 0.03 * clock
    before = np.concatenate([close[:1], close[:-1]])
    return pd.DataFrame(
        {
            "date": pd.date_range(start, periods=count, freq=step, unit="ms"),
            "open": before,
            "high": np.maximum(before, close) + 0.2,
            "low": np.minimum(before, close) - 0.2,
            "close": close,
            "volume": 100 + 50 * np.sin(clock / 1.7),
        }
    )
