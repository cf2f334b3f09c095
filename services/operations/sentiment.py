"""The sentiment of pairs as the strategy sees it: newest signal, aggregate, and why a signal is not used."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from services.common.scored_pairs import unscored_of
from services.common.settings.settings import Settings
from services.common.store.current import published_at
from services.common.store.port import SentimentStore
from services.common.store.redis.client import redis_client
from services.operations.holds import Entries, read_entries

if TYPE_CHECKING:
    from cryptoboy_sentiment import SignalSource


@dataclass(frozen=True, slots=True)
class Aggregate:
    """The aggregate that the strategy, with default parameters, would compute if a candle of the pair closed now.

    Attributes:
        score: from -1 to +1; None if there is no sentiment.
        state: fresh, faded, doubtful, none, or unreadable.
    """

    score: float | None
    weight: float
    signals: int
    state: str


@dataclass(frozen=True, slots=True)
class PairSentiment:
    """The newest signal of a pair.

    Attributes:
        fields: the hash in the store, unchanged.
        served_by: the name that has the signal: the pair itself, or another one of its asset.
        age_hours: hours since the signal was published.
        state: fresh, or the reason why the strategy does not use the signal: stale, suspected, weight 0.
    """

    score: float
    label: str
    source: str
    headline: str
    served_by: str
    age_hours: float
    state: str
    aggregate: Aggregate
    fields: Mapping[str, str]

    def as_json(self) -> dict[str, Any]:
        """All fields of the hash, and what was computed from them."""
        own = asdict(self)
        return {**own.pop("fields"), **own}


@dataclass(frozen=True, slots=True)
class SentimentReport:
    """Sentiment of pairs; a pair without a readable signal has None. `unscored` pairs are scored by no service."""

    entries: Entries
    unscored: tuple[str, ...]
    pairs: Mapping[str, PairSentiment | None]

    def as_json(self) -> dict[str, Any]:
        """A dictionary for `--json`: the state of entries, and the sentiment of each pair."""
        pairs = {pair: row and row.as_json() for pair, row in self.pairs.items()}
        return {**asdict(self.entries), "unscored": self.unscored, "pairs": pairs}


def read_sentiment(
    store: SentimentStore, settings: Settings, pairs: Sequence[str], now: datetime
) -> SentimentReport:
    """Read the newest signal and the aggregate of each pair. Raises TryLater and StopProgram, as the store does."""
    import cryptoboy_sentiment as news  # takes seconds

    entries = read_entries(store)
    scored = store.scored_pairs()
    names = {pair: news.names_for(pair, None if scored is None else frozenset(scored)) for pair in pairs}
    current = store.current(list(dict.fromkeys(name for order in names.values() for name in order)))
    serving = {pair: _serving(order, current, now - news.OWN_FIRST) for pair, order in names.items()}
    staleness = timedelta(hours=settings.sentiment_staleness_hours)
    aggregates = _aggregates(settings, pairs, now, staleness)
    rows = {
        pair: pair_sentiment(current[name], aggregates[pair], now, staleness, served_by=name)
        for pair, name in serving.items()
    }
    unscored = () if scored is None else tuple(unscored_of(pairs, scored))
    return SentimentReport(entries, unscored, rows)


def _serving(names: Sequence[str], current: Mapping[str, Mapping[str, str] | None], since: datetime) -> str:
    """The first of these names with a signal published since then; the first of all if there is none."""
    return next((name for name in names if _published_since(current[name], since)), names[0])


def _published_since(fields: Mapping[str, str] | None, since: datetime) -> bool:
    try:
        return fields is not None and published_at(fields) > since
    except (KeyError, ValueError):
        return False


def pair_sentiment(
    fields: Mapping[str, str] | None,
    aggregate: Aggregate,
    now: datetime,
    staleness: timedelta,
    *,
    served_by: str,
) -> PairSentiment | None:
    """The newest signal of a pair; None if the hash is missing or cannot be read."""
    if fields is None:
        return None
    try:
        age = now - published_at(fields)
        score = float(fields["score"])
        if math.isnan(score):
            return None
        state = "stale" if age > staleness else _doubt(fields) or "fresh"
    except (KeyError, ValueError):
        return None
    return PairSentiment(
        score=score,
        label=fields.get("label", ""),
        source=fields.get("source", ""),
        headline=fields.get("headline", ""),
        served_by=served_by,
        age_hours=round(age / timedelta(hours=1), 3),
        state=state,
        aggregate=aggregate,
        fields=fields,
    )


def mood_of(found: PairSentiment) -> float | None:
    """The mood of a pair: the aggregate; without one, the newest score if the strategy uses it."""
    if found.aggregate.score is not None:
        return found.aggregate.score
    return found.score if found.state == "fresh" else None


def _doubt(fields: Mapping[str, str]) -> str:
    """Return why the strategy does not trade on this signal even while it is fresh; empty if it trades."""
    if fields.get("suspected") == "true":
        return "suspected"
    return "weight 0" if float(fields.get("weight", 1)) == 0 else ""


def _aggregates(
    settings: Settings, pairs: Sequence[str], now: datetime, staleness: timedelta
) -> dict[str, Aggregate]:
    import cryptoboy_sentiment as news  # takes seconds

    with redis_client(settings, decode_responses=False) as client:
        source = news.ServedSignals(news.RedisSignals(client, window=staleness + news.OWN_FIRST))
        source.refresh(pairs, now)
    return {pair: _aggregate(source, pair, now, staleness) for pair in pairs}


def _aggregate(source: SignalSource, pair: str, now: datetime, staleness: timedelta) -> Aggregate:
    import cryptoboy_sentiment as news

    if not source.readable(pair):
        return Aggregate(None, 0.0, 0, "unreadable")
    found = news.aggregate_at(source.signals(pair), now, staleness=staleness)
    score = None if math.isnan(found.score) else round(found.score, 4)
    return Aggregate(score, round(found.weight, 4), found.signals, found.status)
