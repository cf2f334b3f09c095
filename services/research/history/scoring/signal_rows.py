"""Builds the rows of a sentiment CSV: signals with the time at which they would have been available."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from services.common.messages import SentimentSignal

if TYPE_CHECKING:
    from cryptoboy_sentiment import Signal

COLUMNS = (
    "available_at", "published", "pair", "score", "label", "confidence", "scope", "degraded", "weight",
    "corroboration", "article_id", "revision", "source", "headline", "model",
    "owner", "suspected", "event_type",
)  # fmt: skip
"""The fields of the strategy's `Signal`, written out here because its package takes seconds to import."""
REQUIRED_COLUMNS = COLUMNS[:-3]
"""The columns that a file must have; files of older versions have only these."""

Row = tuple[object, ...]
_FORMULA = ("=", "+", "-", "@")


def signal_rows(signals: Sequence[SentimentSignal], known_at: datetime, delay: timedelta) -> list[Row]:
    """Return the rows of one article's signals, sorted by pair.

    Args:
        signals: the signals that the pipeline makes of the article.
        known_at: the time at which the article could be read (UTC).
        delay: the time that scoring is assumed to take.
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
            _truth(signal.degraded),
            signal.weight,
            float(signal.corroboration),
            signal.article_id,
            signal.revision,
            signal.source,
            no_formula(signal.headline),
            signal.model,
            signal.owner,
            _truth(signal.suspected),
            signal.event_type.value,
        )
        for signal in sorted(signals, key=lambda each: each.pair)
    ]


def row_of(signal: Signal) -> Row:
    """Return the row of a signal in the strategy's form."""
    fields: dict[str, object] = signal._asdict()
    fields |= {
        "available_at": signal.available_at.isoformat(),
        "published": signal.published.isoformat(),
        "degraded": _truth(signal.degraded),
        "suspected": _truth(signal.suspected),
        "headline": no_formula(signal.headline),
    }
    return tuple(fields[name] for name in COLUMNS)


def no_formula(headline: str) -> str:
    """Return the headline with an apostrophe in front if a spreadsheet would run it as a formula."""
    return f"'{headline}" if headline.startswith(_FORMULA) else headline


def _truth(value: bool) -> str:
    return "true" if value else "false"
