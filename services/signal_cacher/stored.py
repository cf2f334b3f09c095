"""Exports the current sentiment of each pair as metrics.

The sentiment is read from the store, so that the metrics are also right after a restart, a restored backup or an
emptied Redis.
"""

from __future__ import annotations

from collections.abc import Sequence

from services.common.runtime.metrics import SENTIMENT_PUBLISHED, SENTIMENT_SCORE
from services.common.store.current import published_at
from services.common.store.port import SentimentStore

LOOK_SECONDS = 5.0
_NEVER = 0.0


class StoredSentiment:
    """Reads the current sentiment of the traded pairs, at most once in `LOOK_SECONDS`. Not thread-safe."""

    def __init__(self, store: SentimentStore, pairs: Sequence[str]) -> None:
        self._store = store
        self._pairs = tuple(pairs)
        self._looked: float | None = None

    def look(self, monotonic: float) -> None:
        """Set the metrics if the interval since the last reading has passed.

        Raises TryLater if the store is unavailable, and leaves the metrics unchanged.
        """
        if self._looked is not None and monotonic - self._looked < LOOK_SECONDS:
            return
        self._looked = monotonic
        for pair, fields in self._store.current(self._pairs).items():
            published, score = _read(fields or {})
            SENTIMENT_PUBLISHED.labels(pair).set(published)
            SENTIMENT_SCORE.labels(pair).set(score)


def _read(fields: dict[str, str]) -> tuple[float, float]:
    """Return the time of publication in seconds since the epoch, and the score; 0 and NaN without a sentiment."""
    try:
        return published_at(fields).timestamp(), float(fields["score"])
    except (KeyError, ValueError):  # the pair has no signal, or somebody else wrote the hash
        return _NEVER, float("nan")
