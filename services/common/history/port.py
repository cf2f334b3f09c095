"""Defines the ports to the history: one writer, and any number of readers, which never block it.

What the notifier keeps in the same database has a writer of its own: see `notifying`.

A list is read page by page, newest first. The cursor of a page names the last row of the page, so rows that are
recorded or removed meanwhile are neither doubled nor left out.

All methods raise TryLater if the database is away, locked or full, and StopProgram if it refuses permanently (password,
rights, a schema of a later release). All methods may be called from any thread.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Protocol

from services.common.history.batch import Batch, Limits, Written
from services.common.history.figures import FigureReader
from services.common.history.notifying.port import NotifierReader
from services.common.history.queries import (
    DEFAULT_LIMIT,
    ArticleFilter,
    Change,
    EventFilter,
    Page,
    ScoringFilter,
    SignalFilter,
    TradeFilter,
)
from services.common.history.rows import (
    AnalysedRow,
    ArticleRow,
    CandleRow,
    EventRow,
    HoldRow,
    OutcomeRow,
    ScoringRow,
    SignalRow,
    SummaryRow,
    TradeRow,
)
from services.common.runtime.health import DependencyHealth

__all__ = ["Batch", "HistoryReader", "HistoryWriter", "Limits", "Written"]


class HistoryWriter(Protocol):
    """Writes the history. One process writes; its batches are committed one after the other."""

    def write(self, batch: Batch) -> Written:
        """Write all rows and cursors of the batch, or nothing. Writing the same batch again changes nothing.

        Of articles, scorings, signals, candles, analysed rows and holds, the first version stays; trades, outcomes
        and summaries are replaced, but never by an older state; the close of a trade counts as later than its open
        states. Each new or changed row that the change feed knows gets an entry there.
        """
        ...

    def position(self, name: str) -> str | None:
        """The last position that was written under this name."""
        ...

    def cursors(self) -> dict[str, str]:
        """All positions, by name."""
        ...

    def trim(self, limits: Limits, now: datetime) -> int:
        """Remove some of the oldest rows beyond the limits, in a short transaction; the caller repeats it.

        Trades, holds, summaries and open price alerts are kept.

        Returns:
            The number of removed rows; 0 if the history is within the limits.
        """
        ...

    def size(self) -> int:
        """The bytes that the rows and their indexes use, as far as known."""
        ...

    def check(self) -> None:
        """Connect, and migrate the tables if necessary. Every other method does so as well when it is first used."""
        ...

    def health(self) -> DependencyHealth:
        """The state of the database when it was last used. Never waits for it."""
        ...

    def close(self) -> None:
        """Close the connections. May be called twice."""
        ...


class HistoryReader(FigureReader, NotifierReader, Protocol):
    """Reads the history, without ever changing it. A history that nobody has written yet is empty.

    Lists raise NeverWorks for a cursor that no list of this kind gave, and ValueError for a limit that is not between
    1 and MAX_LIMIT.
    """

    def articles(
        self, which: ArticleFilter = ..., *, limit: int = DEFAULT_LIMIT, after: str | None = None
    ) -> Page[ArticleRow]:
        """Articles by `fetched`, newest first."""
        ...

    def articles_by_id(self, ids: Collection[str], *, with_content: bool = True) -> dict[str, ArticleRow]:
        """Those of these articles that are kept (at most MAX_LIMIT at once).

        The content of an article is long, so whoever needs none of it asks without; it is empty then.
        """
        ...

    def scorings(
        self, which: ScoringFilter = ..., *, limit: int = DEFAULT_LIMIT, after: str | None = None
    ) -> Page[ScoringRow]:
        """Scorings by `scored`, newest first."""
        ...

    def signals(
        self, which: SignalFilter = ..., *, limit: int = DEFAULT_LIMIT, after: str | None = None
    ) -> Page[SignalRow]:
        """Signals by `available_at`, newest first, all revisions.

        A page by score may have fewer than `limit`, or none, although there are more: read on until `next` is None.
        """
        ...

    def every_signal(self, which: SignalFilter = ...) -> Iterator[SignalRow]:
        """All signals by `available_at`, oldest first, read in many short transactions."""
        ...

    def candles(
        self,
        symbol: str,
        timeframe: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        known_at: datetime | None = None,
        limit: int = DEFAULT_LIMIT,
        after: str | None = None,
    ) -> Page[CandleRow]:
        """Candles with `since` <= opened < `until`, oldest first, each in its last version collected by `known_at`."""
        ...

    def timeframes(self) -> tuple[tuple[str, str], ...]:
        """The symbols and timeframes of which there are candles."""
        ...

    def trades(
        self, which: TradeFilter = ..., *, limit: int = DEFAULT_LIMIT, after: str | None = None
    ) -> Page[TradeRow]:
        """Trades by `opened`, newest first."""
        ...

    def trade(self, trade_id: int, bot: str | None = None) -> TradeRow | None:
        """The trade with this id; without a bot, the one opened last of all bots."""
        ...

    def analysed(
        self,
        pair: str,
        timeframe: str | None = None,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = DEFAULT_LIMIT,
        after: str | None = None,
    ) -> Page[AnalysedRow]:
        """Analysed rows of a pair with `since` <= opened < `until`, newest first."""
        ...

    def holds(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = DEFAULT_LIMIT,
        after: str | None = None,
    ) -> Page[HoldRow]:
        """Holds by `seen`, newest first."""
        ...

    def outcomes(
        self,
        *,
        horizon: int | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = DEFAULT_LIMIT,
        after: str | None = None,
    ) -> Page[OutcomeRow]:
        """Outcomes by `available_at`, newest first."""
        ...

    def outcomes_of(self, article_ids: Collection[str]) -> tuple[OutcomeRow, ...]:
        """The outcomes of the signals of these articles (at most MAX_LIMIT at once)."""
        ...

    def summary(self, name: str) -> SummaryRow | None:
        """The figures that were computed beforehand under this name."""
        ...

    def events(
        self, after_seq: int, which: EventFilter = ..., *, limit: int = DEFAULT_LIMIT
    ) -> tuple[EventRow, ...]:
        """The changes after this `seq`, in rising order."""
        ...

    def changes(
        self, after_seq: int, which: EventFilter = ..., *, limit: int = DEFAULT_LIMIT
    ) -> tuple[Change, ...]:
        """The changes after this `seq`, in rising order, with their rows as they are now."""
        ...

    def seqs(self) -> tuple[int, int]:
        """The oldest and the newest `seq` that is kept; (0, 0) if there is none."""
        ...

    def position(self, name: str) -> str | None:
        """The last position that was written under this name."""
        ...

    def counts(self) -> dict[str, int]:
        """The number of rows of each table of rows."""
        ...

    def close(self) -> None:
        """Close the connections. May be called twice."""
        ...
