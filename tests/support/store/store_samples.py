"""Signals for the tests of the sentiment store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from services.common.messages import SentimentSignal
from services.common.values import label_of

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PAIR = "BTC/USDT"


def make_signal(article_id: str = "a1", *, minutes_old: float = 10, **fields: Any) -> SentimentSignal:
    """A signal published so long before NOW; any field can be set."""
    score = fields.pop("score", 0.85)
    published = NOW - timedelta(minutes=minutes_old)
    values: dict[str, Any] = {
        "article_id": article_id,
        "pair": PAIR,
        "source": "coindesk",
        "headline": f"Headline of {article_id}",
        "sentiment_score": score,
        "sentiment_label": label_of(score),
        "published": published,
        "analyzed_at": published + timedelta(seconds=30),
        "model": "lexicon",
    }
    return SentimentSignal(**(values | fields))
