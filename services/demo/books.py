"""Compares what the history recorded with what the pipeline counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

from services.common.history.open import open_reader
from services.common.history.queries import MAX_LIMIT, TradeFilter
from services.common.settings.settings import Settings
from services.demo.counts import Counts
from services.launch.freqtrade.api import Trade


@dataclass(frozen=True, slots=True)
class Books:
    """What the history has of a run.

    Attributes:
        rows: the number of rows of each table.
        differing: for each table, or part of one, that does not agree with the counts, the rows expected and found.
    """

    rows: Mapping[str, int]
    differing: Mapping[str, tuple[int, int]]

    @property
    def problem(self) -> str | None:
        """Why the books do not balance; None if they do."""
        if not self.differing:
            return None
        parts = [f"{found} of {expected} {table}" for table, (expected, found) in self.differing.items()]
        return f"the history does not agree with the counts: it has {', '.join(parts)}"


def compare(rows: Mapping[str, int], before: Counts, after: Counts, trades: int) -> Books:
    """Compare the rows of the history, which was empty before the run, with counts taken before and after reading it.

    A table agrees if it has as many rows as one of the two counts says, or a number in between.
    """
    lowest, highest = _expected(before, trades), _expected(after, trades)
    differing = {
        table: (highest[table], rows.get(table, 0))
        for table in highest
        if not lowest[table] <= rows.get(table, 0) <= highest[table]
    }
    return Books(dict(rows), differing)


def read_books(settings: Settings, counts: Callable[[], Counts], trades: Sequence[Trade]) -> Books:
    """Read the history and compare it, with the bot's trades too. Raises TryLater and StopProgram, as the history does.

    A trade that has closed must be recorded as closed; one that closes later may be.
    """
    with closing(open_reader(settings)) as history:
        before = counts()
        found = compare(history.counts(), before, counts(), len(trades))
        closed = len(history.trades(TradeFilter(is_open=False), limit=MAX_LIMIT).rows)
    expected = sum(not trade.is_open for trade in trades)
    if closed >= min(expected, MAX_LIMIT):
        return found
    return Books(found.rows, {**found.differing, "closed trades": (expected, closed)})


def _expected(counts: Counts, trades: int) -> dict[str, int]:
    return {
        "articles": counts.articles_published,
        "scorings": counts.articles_ended + counts.dead_lettered,
        "signals": counts.signals_cached,
        "candles": counts.candles_published,
        "trades": trades,
    }
