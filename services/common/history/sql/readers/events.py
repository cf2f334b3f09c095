"""Reads the change feed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Table, func, select

from services.common.history.queries import Change, EventFilter
from services.common.history.rows import EventRow, Kind, Row
from services.common.history.sql import mapping
from services.common.history.sql.readers.paging import check_limit
from services.common.history.sql.schema import tables
from services.common.history.sql.schema.tables import events

_ROWS: dict[Kind, tuple[Table, Callable[[Any], Row]]] = {
    Kind.ARTICLE: (tables.articles, mapping.article_of),
    Kind.RESULT: (tables.scorings, mapping.scoring_of),
    Kind.SIGNAL: (tables.signals, mapping.signal_of),
    Kind.TRADE: (tables.trades, mapping.trade_of),
    Kind.CANDLE: (tables.candles, mapping.candle_of),
    Kind.HOLD: (tables.holds, mapping.hold_of),
}


def after(connection: Connection, seq: int, which: EventFilter, limit: int) -> tuple[EventRow, ...]:
    """Return the changes after this `seq`, in rising order."""
    statement = select(events).where(events.c.seq > seq).order_by(events.c.seq).limit(check_limit(limit))
    if which.kinds:
        statement = statement.where(events.c.kind.in_([kind.value for kind in which.kinds]))
    if which.pairs:
        statement = statement.where(events.c.pair.in_(list(which.pairs)))
    if which.sources:
        statement = statement.where(events.c.source.in_(list(which.sources)))
    return tuple(mapping.event_of(line) for line in connection.execute(statement))


def with_rows(connection: Connection, found: Sequence[EventRow]) -> tuple[Change, ...]:
    """Return changes with the rows that they are about."""
    numbers: dict[Kind, set[int]] = defaultdict(set)
    for each in found:
        numbers[each.kind].add(each.row)
    rows: dict[tuple[Kind, int], Row] = {}
    for kind, wanted in numbers.items():
        if kind in _ROWS:
            table, make = _ROWS[kind]
            for line in connection.execute(select(table).where(table.c.id.in_(wanted))):
                rows[kind, line.id] = make(line)
    return tuple(Change(each, rows.get((each.kind, each.row))) for each in found)


def seqs(connection: Connection) -> tuple[int, int]:
    """Return the oldest and the newest `seq`; (0, 0) if there is none."""
    oldest = connection.scalar(select(func.min(events.c.seq)))
    newest = connection.scalar(select(func.max(events.c.seq)))
    return oldest or 0, newest or 0
