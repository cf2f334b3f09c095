"""The mood of each pair now and before, as the strategy would have seen it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from services.common.errors import StopProgram, TryLater
from services.common.history.port import HistoryReader
from services.common.history.queries import SignalFilter
from services.common.history.rows import SignalRow
from services.common.settings.settings import Settings
from services.common.store.port import SentimentStore
from services.operations.answer import Answer
from services.operations.sentiment import PairSentiment, mood_of, read_sentiment

if TYPE_CHECKING:
    import pandas as pd

_RENAMED = {"score": "sentiment_score", "label": "sentiment_label"}


@dataclass(frozen=True, slots=True)
class PairMood(Answer):
    """The mood of a pair, from -1 to +1; None where there was no sentiment that the strategy would use.

    Attributes:
        mood: at the end of the period.
        before: at its beginning.
        change: mood less before; None if one of them is None.
        signals: the number of signals in the mood.
    """

    pair: str
    mood: float | None
    before: float | None
    change: float | None
    signals: int


@dataclass(frozen=True, slots=True)
class Moods(Answer):
    """The moods of all pairs.

    Attributes:
        of_store: whether they are those of the store, as on the page; otherwise those of the recorded signals.
    """

    pairs: tuple[PairMood, ...]
    of_store: bool


def read_moods(
    history: HistoryReader, store: SentimentStore | None, settings: Settings, since: datetime, now: datetime
) -> Moods:
    """Read the moods of TRADING_PAIRS at `now` and `since`.

    Args:
        history: the recorded signals.
        store: what the page shows is read from it; without one, or while it is away, the moods are those of the
            recorded signals.
        settings: the settings.
        since: the beginning of the period.
        now: its end.

    Raises:
        TryLater, StopProgram: as the history does.
    """
    pairs = settings.trading_pairs
    recorded = [_recorded(history, pair, settings, (since, now)) for pair in pairs]
    shown = _shown(store, settings, now)
    if shown is None:
        found = (_mood(pair, before[0], later) for pair, (before, later) in zip(pairs, recorded, strict=True))
        return Moods(tuple(found), of_store=False)
    moods = []
    for pair, (before, _) in zip(pairs, recorded, strict=True):
        now_shown = shown[pair]
        current = (mood_of(now_shown), now_shown.aggregate.signals) if now_shown else (None, 0)
        moods.append(_mood(pair, before[0], current))
    return Moods(tuple(moods), of_store=True)


Mood = tuple[float | None, int]
"""An aggregate, and the number of signals in it."""


def _shown(
    store: SentimentStore | None, settings: Settings, now: datetime
) -> Mapping[str, PairSentiment | None] | None:
    """What the store has of each pair; None if it cannot be read."""
    if store is None:
        return None
    try:
        return read_sentiment(store, settings, settings.trading_pairs, now).pairs
    except (TryLater, StopProgram):
        return None


def _mood(pair: str, before: float | None, current: Mood) -> PairMood:
    mood, signals = current
    change = None if mood is None or before is None else mood - before
    return PairMood(pair, mood, before, change, signals)


def _recorded(
    history: HistoryReader, pair: str, settings: Settings, moments: Sequence[datetime]
) -> list[Mood]:
    """The aggregate of the recorded signals of a pair at each moment."""
    import cryptoboy_sentiment as news  # takes seconds
    from cryptoboy_sentiment.assets import combined

    staleness = timedelta(hours=settings.sentiment_staleness_hours)
    names = news.names_for(pair, None)
    which = SignalFilter(pairs=names, since=min(moments) - staleness - news.OWN_FIRST, until=max(moments))
    rows = list(history.every_signal(which))
    frames = [_frame([row for row in rows if row.pair == name]) for name in names]
    signals = combined(pair, frames)
    found: list[Mood] = []
    for moment in moments:
        aggregate = news.aggregate_at(signals, moment, staleness=staleness)
        score = None if math.isnan(aggregate.score) else round(aggregate.score, 4)
        found.append((score, aggregate.signals))
    return found


def _frame(rows: Sequence[SignalRow]) -> pd.DataFrame:
    import cryptoboy_sentiment as news

    fields = news.Signal._fields
    return news.signals_frame(
        news.Signal(**{name: getattr(row, _RENAMED.get(name, name)) for name in fields}) for row in rows
    )
