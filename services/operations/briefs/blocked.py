"""The entries that the strategy asked for and did not get, and who held entries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from services.common.history.port import HistoryReader
from services.common.history.queries import MAX_LIMIT
from services.common.history.rows import HoldAction, HoldRow
from services.operations.answer import Answer
from services.operations.why.candles import Candle, candle_of
from services.operations.why.news_then import holds_at
from services.operations.why.sentences import holder

MOST_HOLDS = 10


@dataclass(frozen=True, slots=True)
class Blocked(Answer):
    """Entries of a pair that the strategy asked for and that were blocked for one reason.

    Attributes:
        candles: the number of candles at whose close it asked.
        first, last: the closes of the first and the last of them.
    """

    pair: str
    reason: str
    candles: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class HoldChange(Answer):
    """A hold that was set or lifted. `until` is when it ends by itself; None if it does not."""

    at: datetime
    owner: str
    is_set: bool
    reason: str
    until: datetime | None


def blocked_entries(
    history: HistoryReader, pairs: Collection[str], since: datetime, until: datetime
) -> tuple[Blocked, ...]:
    """The blocked entries of these pairs at candles that opened in a period, the most frequent first.

    Raises:
        TryLater, StopProgram: as the history does.
    """
    closes: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    for pair in pairs:
        for candle in _candles(history, pair, since, until):
            if reason := _reason(history, candle):
                closes[pair, reason].append(candle.closes)
    found = [
        Blocked(pair, reason, len(times), min(times), max(times)) for (pair, reason), times in closes.items()
    ]
    return tuple(sorted(found, key=lambda each: (-each.candles, each.pair, each.reason)))


def hold_changes(history: HistoryReader, since: datetime, until: datetime) -> tuple[HoldChange, ...]:
    """The holds that were set or lifted in a period, the oldest first; the newest `MOST_HOLDS` of them."""
    rows = history.holds(since=since, until=until, limit=MOST_HOLDS).rows
    return tuple(map(_change, reversed(rows)))


def _candles(history: HistoryReader, pair: str, since: datetime, until: datetime) -> Iterator[Candle]:
    after = None
    while True:
        page = history.analysed(pair, since=since, until=until, limit=MAX_LIMIT, after=after)
        yield from map(candle_of, page.rows)
        after = page.next
        if after is None:
            return


def _reason(history: HistoryReader, candle: Candle) -> str:
    if candle.blocked:
        return candle.blocked
    if not candle.entered:
        return ""
    holds = holds_at(history, candle.closes)
    return f"held by {', '.join(map(holder, holds)).rstrip(',')}" if holds else ""


def _change(row: HoldRow) -> HoldChange:
    return HoldChange(row.seen, row.owner, row.action is HoldAction.SET, row.reason, row.until)
