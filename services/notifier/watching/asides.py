"""Watches for which pairs the bot stands aside because of news, as its strategy says in each row that it analyses."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.common.clock import CLOCKS_DIFFER, Clock
from services.common.history.port import HistoryReader
from services.common.history.rows import AnalysedRow
from services.common.values import timeframe_seconds
from services.notifier.happening import Happening, Kind
from services.notifier.watching.found import Found
from services.notifier.wording.market import about_stand_aside

_KIND, _ARTICLE = "news_stand_aside", "news_stand_aside_article_id"


CANDLES = 3
"""A row says what the bot does now while its candle opened at most so many candles ago."""


class AsideWatch:
    """A `Watch` of the rows that the bot analysed last. Their keys say what was told, so nothing is kept."""

    name = "stand_aside"
    seconds = 10.0

    def __init__(self, reader: HistoryReader, clock: Clock, pairs: tuple[str, ...]) -> None:
        self._reader, self._clock, self._pairs = reader, clock, pairs
        self._told: set[str] = set()
        self._next: set[str] = set()

    def look(self) -> Found:
        """See `Watch`."""
        found: list[Happening] = []
        self._next, now = set(), self._clock.now()
        for pair in self._pairs:
            rows = self._reader.analysed(pair, limit=1).rows
            kind = str(rows[0].values.get(_KIND) or "") if rows else ""
            if not kind or not _is_of_now(rows[0], now):
                continue
            article = str(rows[0].values.get(_ARTICLE) or "")
            key = f"stand_aside:{pair}:{kind}:{article or rows[0].opened.date().isoformat()}"
            self._next.add(key)
            if key not in self._told:
                found.append(
                    Happening(
                        key=key,
                        kind=Kind.STAND_ASIDE,
                        at=now,
                        message=about_stand_aside(pair, kind, article),
                        pairs=(pair,),
                        article=article,
                        event_type=kind,
                    )
                )
        return Found(happenings=tuple(found))

    def commit(self) -> None:
        """See `Watch`."""
        self._told = self._next


def _is_of_now(row: AnalysedRow, now: datetime) -> bool:
    return now - row.opened <= CANDLES * timedelta(seconds=timeframe_seconds(row.timeframe)) + CLOCKS_DIFFER
