"""The rows of a sentiment CSV: signals of the live pipeline, at the time at which history had them."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.common.messages import SentimentSignal

COLUMNS = (
    "available_at", "published", "pair", "score", "label", "confidence", "scope", "degraded", "weight",
    "corroboration", "article_id", "revision", "source", "headline", "model",
)  # fmt: skip
"""Those of the strategy's `Signal`, written out because its package takes seconds to import."""

Row = tuple[object, ...]

WEIGHT = 1.0
"""Every source counts the same, as it does live."""


def signal_rows(signals: tuple[SentimentSignal, ...], known_at: datetime, delay: timedelta) -> list[Row]:
    """The rows of one article's signals, by pair.

    Args:
        signals: what the pipeline makes of the article.
        known_at: when the article could be read (UTC).
        delay: how long scoring it is taken to last.
    """
    available = (known_at + delay).isoformat()
    return [
        (
            available,
            signal.published.isoformat(),
            signal.pair,
            signal.sentiment_score,
            signal.sentiment_label.value,
            signal.confidence,
            signal.scope.value,
            "true" if signal.degraded else "false",
            WEIGHT,
            float(signal.corroboration),
            signal.article_id,
            signal.revision,
            signal.source,
            signal.headline,
            signal.model,
        )
        for signal in sorted(signals, key=lambda each: each.pair)
    ]
