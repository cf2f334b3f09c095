"""Follows the change feed of the history: stories, trades, holds and dead letters.

A look changes nothing that the next look begins with until what it found is written, so nothing is lost if writing
fails.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog

from services.common.clock import Clock
from services.common.history.notifying.port import NotifierBatch
from services.common.history.port import HistoryReader
from services.common.history.queries import Change, EventFilter
from services.common.history.rows import HoldRow, Kind, ScoringRow, SignalRow, TradeRow
from services.notifier.happening import Happening, Importance
from services.notifier.happenings.running import dead_letter, hold_happening
from services.notifier.happenings.stories import story_happening
from services.notifier.happenings.trades import TOLD_WITHIN, trade_happenings, when_opened
from services.notifier.watching.found import Found
from services.operations.news.grouping import Gathered, gather
from services.operations.trades import Trade
from services.operations.why.trade import explain_trade

CURSOR = "notifier:seq"
SINCE = "notifier:since"
"""The name of the position that says when changes were followed for the first time."""
LOOK_SECONDS = 0.2
MOST_CHANGES = 500
PLACED_WITHIN_SECONDS = 10.0
"""How long a signal waits for the result of its article, which says to which story it belongs."""
URGENT_WITHIN_SECONDS = 1.0
"""As PLACED_WITHIN_SECONDS, for urgent news."""
CURSOR_SECONDS = 5.0
DEAD_LETTERED = "dead_lettered"
_KINDS = (Kind.RESULT, Kind.SIGNAL, Kind.TRADE, Kind.HOLD)
_MOST_KNOWN = 1_000

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Unplaced:
    """An article whose story is not known: the seq of its change, when that was read, and when it is looked at."""

    seq: int
    read: float
    due: float


@dataclass(frozen=True, slots=True)
class _Read:
    """What is known when everything up to `seq` was read.

    Attributes:
        unplaced: articles with signals that may belong to a story, by their id.
        trades: the keys of what happened to trades, oldest first.
    """

    seq: int
    unplaced: dict[str, _Unplaced] = field(default_factory=dict)
    trades: dict[str, None] = field(default_factory=dict)

    @property
    def position(self) -> int:
        """Where a later run begins."""
        return min([self.seq, *(each.seq - 1 for each in self.unplaced.values())])


class FeedWatch:
    """A `Watch` of the change feed.

    Args:
        position_of: returns a position that the notifier has written.
        tells_dead_letters: whether dead letters are told now.
        loss_steps: in percent; a trade that was closed with the smallest of these losses or more is urgent.
    """

    name = "feed"
    seconds = LOOK_SECONDS

    def __init__(
        self,
        reader: HistoryReader,
        clock: Clock,
        position_of: Callable[[str], str | None],
        *,
        tells_dead_letters: Callable[[], bool],
        loss_steps: Sequence[float] = (),
    ) -> None:
        self._reader, self._clock, self._position_of = reader, clock, position_of
        self._tells_dead_letters, self._loss_steps = tells_dead_letters, loss_steps
        self._read: _Read | None = None
        self._next = _Read(0)
        self._since: datetime | None = None
        self._heard: datetime | None = None  # when the last change was recorded that an earlier run has read
        self._written: tuple[int | None, float] = (
            None,
            float("-inf"),
        )  # the position, and when it was written
        self._position: int | None = None  # the one that is written with what was found last

    def look(self) -> Found:
        """See `Watch`."""
        now = time.monotonic()
        self.begin()
        before = self._read or _Read(0)
        newest = self._reader.seqs()[1]
        changes = self._reader.changes(before.seq, EventFilter(kinds=_KINDS), limit=MOST_CHANGES)
        seq = changes[-1].event.seq if changes else before.seq
        if len(changes) < MOST_CHANGES:
            seq = max(seq, newest)
        self._next = _Read(seq, dict(before.unplaced), dict(before.trades))
        happenings = [*self._news(self._next, changes, now), *self._others(self._next, changes)]
        return Found(
            happenings=tuple(happenings),
            also=NotifierBatch(cursors=self._cursors(is_due=bool(happenings))),
            is_late=True,
        )

    def commit(self) -> None:
        """See `Watch`."""
        self._read = self._next
        if self._position is not None:
            self._written = (self._position, time.monotonic())

    def begin(self) -> None:
        """Begin where an earlier run ended, or now if there was none. Does nothing if called again."""
        if self._read is not None:
            return
        oldest, newest = self._reader.seqs()
        position, since = self._position_of(CURSOR), self._position_of(SINCE)
        seq = newest if position is None else int(position)
        if seq < oldest - 1:
            log.warning("changes_missed", after=seq, oldest=oldest)
        self._since = self._clock.now() if since is None else datetime.fromisoformat(since)
        last = self._reader.changes(seq - 1, limit=1) if seq else ()
        self._heard = last[0].event.at if last else self._since
        self._read = _Read(seq)

    def _cursors(self, *, is_due: bool) -> dict[str, str]:
        written, at = self._written
        position = self._next.position
        if position == written or not (is_due or time.monotonic() - at >= CURSOR_SECONDS):
            self._position = None
            return {}
        self._position = position
        since = {SINCE: self._since.isoformat()} if written is None and self._since is not None else {}
        return {CURSOR: str(position), **since}

    def _news(self, read: _Read, changes: Sequence[Change], now: float) -> list[Happening]:
        for change in changes:
            row = change.row
            if isinstance(row, SignalRow) or (isinstance(row, ScoringRow) and row.story):
                known = read.unplaced.get(row.article_id, _Unplaced(change.event.seq, now, now))
                read.unplaced[row.article_id] = replace(known, due=now)
        due = [article_id for article_id, each in read.unplaced.items() if each.due <= now]
        found: dict[str, Happening] = {}
        stories = gather(self._reader, due) if due else {}
        for article_id in due:
            each, story = read.unplaced.pop(article_id), stories.get(article_id)
            happening = self._story(story) if story else None
            if story is None or happening is None:  # without a signal; that is a change of its own
                continue
            is_urgent = happening.importance is Importance.URGENT
            until = each.read + (URGENT_WITHIN_SECONDS if is_urgent else PLACED_WITHIN_SECONDS)
            if article_id in story.scorings or now >= until:
                found[story.story] = happening
            else:
                read.unplaced[article_id] = replace(each, due=until)
        return list(found.values())

    def _story(self, story: Gathered) -> Happening | None:
        at = max((signal.available_at for signal in story.signals), default=self._clock.now())
        return story_happening(story, at)

    def _others(self, read: _Read, changes: Sequence[Change]) -> list[Happening]:
        found: list[Happening] = []
        for change in changes:
            row, at = change.row, change.event.at
            if isinstance(row, HoldRow):
                found.append(hold_happening(row))
            elif isinstance(row, TradeRow):
                found += self._trade(read, Trade.of(row), at)
            elif isinstance(row, ScoringRow) and row.outcome == DEAD_LETTERED and self._tells_dead_letters():
                article = self._reader.articles_by_id([row.article_id]).get(row.article_id)
                found.append(dead_letter(row.article_id, article.title if article else "", row.reason, at))
        return found

    def _trade(self, read: _Read, trade: Trade, seen: datetime) -> list[Happening]:
        """What is new of a trade: its entry too if it was closed before anybody heard of it."""
        since = max(self._since or seen, seen - TOLD_WITHIN)
        is_news = trade.closed is not None and trade.opened >= (self._heard or seen)
        found: list[Happening] = []
        for state in (when_opened(trade), trade) if is_news else (trade,):
            new = [each.key for each in trade_happenings(state, (), since) if each.key not in read.trades]
            if new:
                reasons = explain_trade(self._reader, state, seen).sentences[1:]
                found += trade_happenings(state, reasons, since, self._loss_steps)
                read.trades.update(dict.fromkeys(new))
        for key in list(read.trades)[:-_MOST_KNOWN]:
            del read.trades[key]
        return found
