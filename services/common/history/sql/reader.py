"""Reads the history: its lists, and what is asked beside them."""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeVar

from sqlalchemy import Connection, func, select

from services.common.history.port import HistoryReader
from services.common.history.queries import (
    DEFAULT_LIMIT,
    Change,
    EventFilter,
)
from services.common.history.rows import (
    ArticleRow,
    EventRow,
    OutcomeRow,
    SummaryRow,
    TradeRow,
)
from services.common.history.sql.figures import Figures
from services.common.history.sql.lists import Lists
from services.common.history.sql.notifying.lists import NotifierLists
from services.common.history.sql.readers import (
    articles,
    candles,
    events,
    outcomes,
    trades,
)
from services.common.history.sql.schema.columns import metadata
from services.common.history.sql.schema.tables import cursors

T = TypeVar("T")
_BEFORE_ALL = -(2**61)


class SqlReader(Lists, Figures, NotifierLists, HistoryReader):
    """A `HistoryReader` of SQLite or PostgreSQL."""

    def articles_by_id(self, ids: Collection[str], *, with_content: bool = True) -> dict[str, ArticleRow]:
        """Those of these articles that are kept."""
        return self.ask({}, lambda db: articles.by_id(db, ids, with_content=with_content))

    def timeframes(self) -> tuple[tuple[str, str], ...]:
        """The symbols and timeframes of which there are candles."""
        return self.ask((), candles.timeframes)

    def trade(self, trade_id: int, bot: str | None = None) -> TradeRow | None:
        """The trade with this id; without a bot, the one opened last of all bots."""
        return self.ask(None, lambda db: trades.one(db, trade_id, bot))

    def outcomes_of(self, article_ids: Collection[str]) -> tuple[OutcomeRow, ...]:
        """The outcomes of the signals of these articles."""
        return self.ask((), lambda db: outcomes.of_articles(db, article_ids))

    def summary(self, name: str) -> SummaryRow | None:
        """The figures that were computed beforehand under this name."""
        return self.ask(None, lambda db: outcomes.summary(db, name))

    def events(
        self,
        after_seq: int,
        which: EventFilter = EventFilter(),  # noqa: B008 - frozen
        *,
        limit: int = DEFAULT_LIMIT,
    ) -> tuple[EventRow, ...]:
        """The changes after this `seq`, in rising order."""
        return self.ask((), lambda db: events.after(db, after_seq, which, limit))

    def changes(
        self,
        after_seq: int,
        which: EventFilter = EventFilter(),  # noqa: B008 - frozen
        *,
        limit: int = DEFAULT_LIMIT,
    ) -> tuple[Change, ...]:
        """The changes after this `seq`, in rising order, with their rows as they are now."""
        return self.ask((), lambda db: events.with_rows(db, events.after(db, after_seq, which, limit)))

    def seqs(self) -> tuple[int, int]:
        """The oldest and the newest `seq` that is kept; (0, 0) if there is none."""
        return self.ask((0, 0), events.seqs)

    def position(self, name: str) -> str | None:
        """The last position that was written under this name."""
        statement = select(cursors.c.position).where(cursors.c.name == name)
        return self.ask(None, lambda db: db.scalar(statement))

    def counts(self) -> dict[str, int]:
        """The number of rows of each table."""
        names = sorted(metadata.tables.keys() - {cursors.name})

        def count(connection: Connection) -> dict[str, int]:
            return {
                name: connection.scalar(select(func.count()).select_from(metadata.tables[name])) or 0
                for name in names
            }

        return self.ask(dict.fromkeys(names, 0), count)
