"""Follows the change feed of the history: stories, trades, holds and dead letters."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime

import structlog

from services.common.clock import Clock
from services.common.history.notifying.port import NotifierBatch
from services.common.history.port import HistoryReader
from services.common.history.queries import Change, EventFilter
from services.common.history.rows import HoldRow, Kind, ScoringRow, SignalRow, TradeRow
from services.notifier.happening import Happening
from services.notifier.happenings.running import dead_letter, hold_happening
from services.notifier.happenings.stories import story_happening
from services.notifier.happenings.trades import trade_happenings
from services.notifier.watching.found import Found
from services.operations.news.grouping import gather
from services.operations.trades import Trade
from services.operations.why.trade import why_trade

CURSOR = "notifier:seq"
LOOK_SECONDS = 0.2
MOST_CHANGES = 500
PLACED_WITHIN_SECONDS = 1.0
"""How long a signal waits for the result of its article, which says to which story it belongs."""
LATE_SECONDS = 5.0
CURSOR_SECONDS = 5.0
DEAD_LETTERED = "dead_lettered"
_KINDS = (Kind.RESULT, Kind.SIGNAL, Kind.TRADE, Kind.HOLD)
_MOST_KNOWN = 1_000

log = structlog.get_logger(__name__)


class FeedWatch:
    """A `Watch` of the change feed.

    Args:
        position_of: returns a position that the notifier has written.
    """

    name = "feed"
    seconds = LOOK_SECONDS

    def __init__(
        self,
        reader: HistoryReader,
        clock: Clock,
        position_of: Callable[[str], str | None],
        *,
        tells_dead_letters: bool,
    ) -> None:
        self._reader, self._clock, self._position_of = reader, clock, position_of
        self._tells_dead_letters = tells_dead_letters
        self._seq: int | None = None  # up to which was read
        self._next = 0
        self._unplaced: dict[str, tuple[int, float]] = {}  # articles: seq of the change, and when it was read
        self._looked = float("-inf")
        self._written = (0, float("-inf"))  # the position in the history, and when it was written
        self._position: int | None = None  # the one that is written with what was found last
        self._trades: dict[str, None] = {}

    def look(self) -> Found:
        """See `Watch`."""
        now = time.monotonic()
        is_late = now - self._looked > LATE_SECONDS
        seq = self.begin()
        changes = self._reader.changes(seq, EventFilter(kinds=_KINDS), limit=MOST_CHANGES)
        self._next = changes[-1].event.seq if changes else seq
        happenings = [*self._news(changes, now, is_late=is_late), *self._others(changes)]
        self._looked = now
        position = min([self._next, *(seq - 1 for seq, _ in self._unplaced.values())])
        is_due = bool(happenings) or now - self._written[1] >= CURSOR_SECONDS
        self._position = position if is_due and position != self._written[0] else None
        cursors = {} if self._position is None else {CURSOR: str(position)}
        return Found(happenings=tuple(happenings), also=NotifierBatch(cursors=cursors), is_late=is_late)

    def commit(self) -> None:
        """See `Watch`."""
        self._seq = self._next
        if self._position is not None:
            self._written = (self._position, time.monotonic())

    def begin(self) -> int:
        """Return where the next look begins: where an earlier run ended, or now if there was none."""
        if self._seq is not None:
            return self._seq
        oldest, newest = self._reader.seqs()
        position = self._position_of(CURSOR)
        seq = newest if position is None else int(position)
        if seq < oldest - 1:
            log.warning("changes_missed", after=seq, oldest=oldest)
        self._seq = seq
        return seq

    def _news(self, changes: Sequence[Change], now: float, *, is_late: bool) -> list[Happening]:
        signals: dict[str, datetime] = {}
        for change in changes:
            if isinstance(change.row, SignalRow):
                self._unplaced.setdefault(change.row.article_id, (change.event.seq, now))
                signals[change.row.article_id] = change.row.available_at
            elif isinstance(change.row, ScoringRow) and change.row.story:
                self._unplaced.setdefault(change.row.article_id, (change.event.seq, now))
        if not self._unplaced:
            return []
        found: dict[str, Happening] = {}
        for article_id, story in gather(self._reader, list(self._unplaced)).items():
            is_placed = article_id in story.scorings
            if not is_placed and not is_late and now - self._unplaced[article_id][1] < PLACED_WITHIN_SECONDS:
                continue
            at = max((signal.available_at for signal in story.signals), default=self._clock.now())
            if (happening := story_happening(story, at)) is not None:
                found[story.story] = happening
            del self._unplaced[article_id]
        self._forget(now)
        return list(found.values())

    def _forget(self, now: float) -> None:
        """Forget articles that the history does not have any more."""
        for article_id, (_, read) in list(self._unplaced.items()):
            if now - read > LATE_SECONDS:
                del self._unplaced[article_id]

    def _others(self, changes: Sequence[Change]) -> list[Happening]:
        found: list[Happening] = []
        for change in changes:
            row, at = change.row, change.event.at
            if isinstance(row, HoldRow):
                found.append(hold_happening(row))
            elif isinstance(row, TradeRow):
                found += self._trade(Trade.of(row), at)
            elif isinstance(row, ScoringRow) and row.outcome == DEAD_LETTERED and self._tells_dead_letters:
                article = self._reader.articles_by_id([row.article_id]).get(row.article_id)
                found.append(dead_letter(row.article_id, article.title if article else "", row.reason, at))
        return found

    def _trade(self, trade: Trade, seen: datetime) -> tuple[Happening, ...]:
        new = [each for each in trade_happenings(trade, (), seen) if each.key not in self._trades]
        if not new:
            return ()
        why = why_trade(self._reader, trade.trade_id, trade.bot, now=seen)
        reasons = why.sentences[1:] if why else ()
        self._trades |= dict.fromkeys(each.key for each in new)
        for key in list(self._trades)[:-_MOST_KNOWN]:
            del self._trades[key]
        keys = {each.key for each in new}
        return tuple(each for each in trade_happenings(trade, reasons, seen) if each.key in keys)
