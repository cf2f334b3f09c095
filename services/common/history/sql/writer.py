"""Writes the history: each batch in one transaction, and again without effect."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from services.common.history.port import Batch, Limits, Written
from services.common.history.rows import TradeRow
from services.common.history.sql import inserts, retention
from services.common.history.sql.content import CONTENT
from services.common.history.sql.inserts import Kept, Values, add_entries, add_new, last_of, replace
from services.common.history.sql.mapping import values_of
from services.common.history.sql.migrate import lock_writers
from services.common.history.sql.schema import tables
from services.common.history.sql.schema.columns import json_text
from services.common.history.sql.writing import Writing

_OUTCOMES = Kept(tables.outcomes, ("article_id", "pair", "model", "revision", "horizon"), None)


class SqlWriter(Writing):
    """A `HistoryWriter`."""

    def write(self, batch: Batch) -> Written:
        """Write all rows and cursors of the batch, or nothing."""
        with self.begin() as connection:
            lock_writers(connection)
            counts: dict[str, int] = {}
            for kept, rows in _kept(batch):
                if rows:
                    counts[kept.table.name] = add_new(connection, kept, rows)
            if batch.trades:
                changed = _write_trades(connection, batch.trades)
                counts[tables.trades.name] = len(changed)
                add_entries(connection, inserts.TRADES, changed)
            if batch.outcomes:
                rows = last_of(_OUTCOMES, [values_of(row) for row in batch.outcomes])
                known = replace(connection, _OUTCOMES, rows, _is_known_now)
                counts[tables.outcomes.name] = len(known)
            _write_summaries(connection, batch)
            _write_cursors(connection, batch)
            newest = connection.scalar(select(func.max(tables.events.c.seq)))
        return Written({name: count for name, count in counts.items() if count}, newest or 0)

    def position(self, name: str) -> str | None:
        """The last position that was written under this name."""
        with self.begin() as connection:
            statement = select(tables.cursors.c.position).where(tables.cursors.c.name == name)
            return connection.scalar(statement)

    def cursors(self) -> dict[str, str]:
        """All positions, by name."""
        with self.begin() as connection:
            named = select(tables.cursors).where(tables.cursors.c.name != CONTENT)
            return {line.name: line.position for line in connection.execute(named)}

    def trim(self, limits: Limits, now: datetime) -> int:
        """Remove some of the oldest rows beyond the limits."""
        with self.begin() as connection:
            lock_writers(connection)
            return retention.trim(connection, limits, now)

    def size(self) -> int:
        """The bytes that the rows and their indexes use, as far as known."""
        with self.begin() as connection:
            return retention.size(connection)


def _kept(batch: Batch) -> tuple[tuple[Kept, Sequence[object]], ...]:
    return (
        (inserts.ARTICLES, batch.articles),
        (inserts.SCORINGS, batch.scorings),
        (inserts.SIGNALS, batch.signals),
        (inserts.CANDLES, batch.candles),
        (inserts.ANALYSED, batch.analysed),
        (inserts.HOLDS, batch.holds),
    )


def _write_trades(connection: Connection, trades: Sequence[TradeRow]) -> list[Values]:
    """Write the trades whose state is new; a state that differs only in when it was read is none.

    A closed trade stays closed, and a close is written even if a clock that was set back says that it was read earlier.
    """
    newest = sorted(trades, key=lambda trade: (trade.closed is not None, trade.updated))
    rows = last_of(inserts.TRADES, [values_of(row) for row in newest])
    stored = inserts.existing(connection, inserts.TRADES, rows)
    changed = [row for row in rows if _differs(row, stored.get((row["bot"], row["trade_id"])))]
    if not changed:
        return []
    return replace(connection, inserts.TRADES, changed, _is_later_state)


def _is_later_state(new: Any) -> ColumnElement[bool]:  # noqa: ANN401 - the columns of the new values
    kept = tables.trades.c
    closes = and_(kept.closed.is_(None), new.closed.is_not(None))
    return or_(closes, and_(kept.closed.is_(None) == new.closed.is_(None), new.updated >= kept.updated))


def _differs(row: Values, stored: Values | None) -> bool:
    if stored is None:
        return True
    named = (name for name in row if name not in {"updated", "details"})
    return any(stored[name] != row[name] for name in named) or (
        json_text(stored["details"]) != json_text(row["details"])
    )


def _is_known_now(new: Any) -> ColumnElement[bool]:  # noqa: ANN401 - the columns of the new values
    return and_(tables.outcomes.c.change.is_(None), new.change.is_not(None))


def _write_summaries(connection: Connection, batch: Batch) -> None:
    for row in batch.summaries:
        inserts.put(connection, tables.summaries, values_of(row), newer="computed")


def _write_cursors(connection: Connection, batch: Batch) -> None:
    for name, position in batch.cursors.items():
        inserts.put(connection, tables.cursors, {"name": name, "position": position})
