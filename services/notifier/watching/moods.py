"""Watches the aggregate of each pair, which is what the strategy decides with."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass

from services.common.clock import Clock
from services.common.history.notifying.port import NotifierBatch
from services.common.settings.settings import Settings
from services.common.store.port import SentimentStore
from services.notifier.happening import Happening
from services.notifier.happenings.moods import mood_after, mood_happening
from services.notifier.rules.document import WatchTable
from services.notifier.watching.found import Found
from services.operations.sentiment import read_sentiment

CURSOR = "notifier:moods"


@dataclass(frozen=True, slots=True)
class Mood:
    """The mood (-1, 0, +1) of a pair, and the aggregate at which it began."""

    mood: int
    score: float | None


class MoodWatch:
    """A `Watch` of the pairs of TRADING_PAIRS. A pair that has no sentiment keeps its mood."""

    name = "moods"
    seconds = 5.0

    def __init__(
        self,
        store: SentimentStore,
        settings: Settings,
        clock: Clock,
        table: WatchTable,
        position_of: Callable[[str], str | None],
    ) -> None:
        self._store, self._settings, self._clock, self._table = store, settings, clock, table
        self._position_of = position_of
        self._moods: dict[str, Mood] | None = None
        self._next: dict[str, Mood] = {}

    def look(self) -> Found:
        """See `Watch`."""
        moods, now = self._written(), self._clock.now()
        report = read_sentiment(self._store, self._settings, self._settings.market_pairs, now)
        found: list[Happening] = []
        self._next = dict(moods)
        for pair, row in report.pairs.items():
            if row is None or row.aggregate.score is None:
                continue
            score, before = row.aggregate.score, moods.get(pair)
            mood = mood_after(before.mood if before else 0, score, self._table.mood, self._table.hysteresis)
            if before is not None and before.mood != mood:
                found.append(
                    mood_happening(
                        pair, mood, before=before.score, now=score, signals=row.aggregate.signals, at=now
                    )
                )
            if before is None or before.mood != mood:
                self._next[pair] = Mood(mood, score)
        written = {pair: asdict(mood) for pair, mood in self._next.items()}
        cursors = {CURSOR: json.dumps(written)} if self._next != moods else {}
        return Found(happenings=tuple(found), also=NotifierBatch(cursors=cursors))

    def commit(self) -> None:
        """See `Watch`."""
        self._moods = self._next

    def _written(self) -> dict[str, Mood]:
        """The moods that were written last. They are read after each look that failed: only its answer may be lost."""
        moods, self._moods = self._moods, None
        if moods is None:
            stored = json.loads(self._position_of(CURSOR) or "{}")
            moods = {pair: Mood(values["mood"], values["score"]) for pair, values in stored.items()}
        return moods
