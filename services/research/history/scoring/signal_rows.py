"""The rows of a sentiment CSV: signals as of the time at which they would have been available."""

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
    "owner", "suspected",
)  # fmt: skip
"""Those of the strategy's `Signal`, written out because its package takes seconds to import."""
REQUIRED_COLUMNS = COLUMNS[:-2]
"""Files of older versions have no others."""

Row = tuple[object, ...]
_FORMULA = ("=", "+", "-", "@")


def signal_rows(signals: Sequence[SentimentSignal], known_at: datetime, delay: timedelta) -> list[Row]:
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
        )
        for signal in sorted(signals, key=lambda each: each.pair)
    ]


def row_of(signal: Signal) -> Row:
    """The row of a signal as the strategy knows it."""
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
    """The text as a spreadsheet shows it: one that begins as a formula does would be run when the file is opened."""
    return f"'{headline}" if headline.startswith(_FORMULA) else headline


def _truth(value: bool) -> str:
    return "true" if value else "false"
