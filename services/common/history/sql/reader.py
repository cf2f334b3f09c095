"""Reads the history: each question in a short transaction of its own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection, func, select

from services.common.history.port import HistoryReader
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
from services.common.history.sql.columns import to_us
from services.common.history.sql.engine import Database, check_readable
from services.common.history.sql.readers import (
    analysed,
    articles,
    candles,
    events,
    holds,
    outcomes,
    scorings,
    signals,
    trades,
)
from services.common.history.sql.tables import cursors, metadata

T = TypeVar("T")
_BEFORE_ALL = -(2**61)


class SqlReader(HistoryReader):
    """A `HistoryReader` that connects when it is first used."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._has_tables = False

    def articles(
        self,
        which: ArticleFilter = ArticleFilter(),  # noqa: B008 - frozen
        *,
        limit: int = DEFAULT_LIMIT,
        after: str | None = None,
    ) -> Page[ArticleRow]:
        """Articles by `fetched`, newest first."""
        return self._ask(Page(), lambda db: articles.page(db, which, limit, after))

    def articles_by_id(self, ids: Collection[str]) -> dict[str, ArticleRow]:
        """Those of these articles that are kept."""
        return self._ask({}, lambda db: articles.by_id(db, ids))

    def scorings(
        self,
        which: ScoringFilter = ScoringFilter(),  # noqa: B008 - frozen
        *,
        limit: int = DEFAULT_LIMIT,
        after: str | None = None,
    ) -> Page[ScoringRow]:
        """Scorings by `scored`, newest first."""
        return self._ask(Page(), lambda db: scorings.page(db, which, limit, after))

    def signals(
        self,
        which: SignalFilter = SignalFilter(),  # noqa: B008 - frozen
        *,
        limit: int = DEFAULT_LIMIT,
        after: str | None = None,
    ) -> Page[SignalRow]:
        """Signals by `available_at`, newest first, all revisions."""
        return self._ask(Page(), lambda db: signals.page(db, which, limit, after))

    def every_signal(
        self,
        which: SignalFilter = SignalFilter(),  # noqa: B008 - frozen
    ) -> Iterator[SignalRow]:
        """All signals by `available_at`, oldest first, read in many short transactions."""
        position = (_BEFORE_ALL if which.since is None else to_us(which.since) - 1, 0)
        empty: tuple[Sequence[SignalRow], tuple[int, int]] = ((), position)
        while True:
            rows, position = self._ask(empty, partial(signals.oldest_first, which=which, after=position))
            if not rows:
                return
            yield from rows

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
        """Candles by `opened`, oldest first, each in its last version collected by `known_at`."""
        return self._ask(
            Page(),
            lambda db: candles.page(
                db, symbol, timeframe, since=since, until=until, known_at=known_at, limit=limit, after=after
            ),
        )

    def timeframes(self) -> tuple[tuple[str, str], ...]:
        """The symbols and timeframes of which there are candles."""
        return self._ask((), candles.timeframes)

    def trades(
        self,
        which: TradeFilter = TradeFilter(),  # noqa: B008 - frozen
        *,
        limit: int = DEFAULT_LIMIT,
        after: str | None = None,
    ) -> Page[TradeRow]:
        """Trades by `opened`, newest first."""
        return self._ask(Page(), lambda db: trades.page(db, which, limit, after))

    def trade(self, trade_id: int, bot: str | None = None) -> TradeRow | None:
        """The trade with this id; without a bot, the one opened last of all bots."""
        return self._ask(None, lambda db: trades.one(db, trade_id, bot))

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
        """Analysed rows of a pair by `opened`, newest first."""
        return self._ask(
            Page(),
            lambda db: analysed.page(db, pair, timeframe, since=since, until=until, limit=limit, after=after),
        )

    def holds(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = DEFAULT_LIMIT,
        after: str | None = None,
    ) -> Page[HoldRow]:
        """Holds by `seen`, newest first."""
        return self._ask(
            Page(), lambda db: holds.page(db, since=since, until=until, limit=limit, after=after)
        )

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
        return self._ask(
            Page(),
            lambda db: outcomes.page(db, horizon=horizon, since=since, until=until, limit=limit, after=after),
        )

    def outcomes_of(self, article_ids: Collection[str]) -> tuple[OutcomeRow, ...]:
        """The outcomes of the signals of these articles."""
        return self._ask((), lambda db: outcomes.of_articles(db, article_ids))

    def summary(self, name: str) -> SummaryRow | None:
        """The figures that were computed beforehand under this name."""
        return self._ask(None, lambda db: outcomes.summary(db, name))

    def events(
        self,
        after_seq: int,
        which: EventFilter = EventFilter(),  # noqa: B008 - frozen
        *,
        limit: int = DEFAULT_LIMIT,
    ) -> tuple[EventRow, ...]:
        """The changes after this `seq`, in rising order."""
        return self._ask((), lambda db: events.after(db, after_seq, which, limit))

    def changes(
        self,
        after_seq: int,
        which: EventFilter = EventFilter(),  # noqa: B008 - frozen
        *,
        limit: int = DEFAULT_LIMIT,
    ) -> tuple[Change, ...]:
        """The changes after this `seq`, in rising order, with their rows as they are now."""
        return self._ask((), lambda db: events.with_rows(db, events.after(db, after_seq, which, limit)))

    def seqs(self) -> tuple[int, int]:
        """The oldest and the newest `seq` that is kept; (0, 0) if there is none."""
        return self._ask((0, 0), events.seqs)

    def position(self, name: str) -> str | None:
        """The last position that was written under this name."""
        statement = select(cursors.c.position).where(cursors.c.name == name)
        return self._ask(None, lambda db: db.scalar(statement))

    def counts(self) -> dict[str, int]:
        """The number of rows of each table."""
        names = sorted(metadata.tables)

        def count(connection: Connection) -> dict[str, int]:
            return {
                name: connection.scalar(select(func.count()).select_from(metadata.tables[name])) or 0
                for name in names
            }

        return self._ask(dict.fromkeys(names, 0), count)

    def close(self) -> None:
        """Close the connections. May be called twice."""
        self._database.engine.dispose()

    def _ask(self, empty: T, question: Callable[[Connection], T]) -> T:
        """Return the answer to a question; `empty` if nobody has written a history yet."""
        if not self._database.exists:
            return empty
        with self._database.begin() as connection:
            if not self._has_tables:
                self._has_tables = check_readable(connection, self._database.place)
            return question(connection) if self._has_tables else empty
