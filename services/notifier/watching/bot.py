"""Watches whether the bot goes on analysing candles, where no service can be asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from services.common.clock import CLOCKS_DIFFER, Clock
from services.common.history.notifying.port import NotifierBatch
from services.common.history.port import HistoryReader
from services.common.history.rows import AnalysedRow
from services.common.values import timeframe_seconds
from services.notifier.happening import Happening
from services.notifier.happenings.running import service_down, service_up
from services.notifier.watching.found import Found
from services.notifier.watching.services import FREQTRADE

CURSOR = "notifier:bot"
CANDLES = 3
"""The bot counts as silent when no row was recorded for so many of its candles."""
_NOTHING = "none of its candles was recorded; it or the history_recorder does not work"


class BotWatch:
    """A `Watch` of the newest row that the bot has analysed.

    A bot that is silent at the first start is not told; the position is when the row was seen after which it is silent.
    """

    name = "bot"
    seconds = 10.0

    def __init__(
        self,
        reader: HistoryReader,
        clock: Clock,
        pairs: tuple[str, ...],
        position_of: Callable[[str], str | None],
    ) -> None:
        self._reader, self._clock, self._pairs, self._position_of = reader, clock, pairs, position_of
        self._silent: str | None = None
        self._next = ""

    def look(self) -> Found:
        """See `Watch`."""
        before = self._position_of(CURSOR) if self._silent is None else self._silent
        rows = [row for pair in self._pairs for row in self._reader.analysed(pair, limit=1).rows]
        if not rows:
            self._next = before or ""
            return Found()
        newest, now = max(rows, key=lambda row: row.seen), self._clock.now()
        self._next = newest.seen.isoformat() if _is_silent(newest, now) else ""
        cursors = {} if self._next == before else {CURSOR: self._next}
        found = () if before is None else self._changed(before, newest, now)
        return Found(happenings=found, also=NotifierBatch(cursors=cursors))

    def commit(self) -> None:
        """See `Watch`."""
        self._silent = self._next

    def _changed(self, before: str, newest: AnalysedRow, now: datetime) -> tuple[Happening, ...]:
        if self._next and self._next != before:
            return (service_down(FREQTRADE, _NOTHING, newest.seen, (now - newest.seen).total_seconds(), now),)
        if before and not self._next:
            since = datetime.fromisoformat(before)
            return (service_up(FREQTRADE, since, (newest.seen - since).total_seconds(), now),)
        return ()


def _is_silent(row: AnalysedRow, now: datetime) -> bool:
    return now - row.seen > CANDLES * timedelta(seconds=timeframe_seconds(row.timeframe)) + CLOCKS_DIFFER
