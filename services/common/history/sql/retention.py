"""Keeps the history within its limits, by removing the oldest rows in small steps."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Column, Connection, Table, delete, func, select, text

from services.common.history.port import Limits
from services.common.history.sql.schema import notifier_tables, tables
from services.common.history.sql.schema.columns import metadata

ROWS_A_STEP = 1_000
_AT_ONCE = timedelta(hours=6)
"""How much older history is removed at once when it is too large."""

_REMOVED: tuple[tuple[Table, Column[datetime], Column[int]], ...] = (
    (tables.events, tables.events.c.at, tables.events.c.seq),
    (tables.articles, tables.articles.c.recorded, tables.articles.c.id),
    (tables.scorings, tables.scorings.c.recorded, tables.scorings.c.id),
    (tables.signals, tables.signals.c.recorded, tables.signals.c.id),
    (tables.candles, tables.candles.c.recorded, tables.candles.c.id),
    (tables.analysed, tables.analysed.c.seen, tables.analysed.c.id),
    (tables.outcomes, tables.outcomes.c.available_at, tables.outcomes.c.id),
    (notifier_tables.notifications, notifier_tables.notifications.c.at, notifier_tables.notifications.c.id),
    (notifier_tables.briefs, notifier_tables.briefs.c.at, notifier_tables.briefs.c.id),
    (notifier_tables.price_alerts, notifier_tables.price_alerts.c.told_at, notifier_tables.price_alerts.c.id),
    (notifier_tables.mutes, notifier_tables.mutes.c.until, notifier_tables.mutes.c.id),
    (notifier_tables.controls, notifier_tables.controls.c.at, notifier_tables.controls.c.id),
)
"""The tables from which rows are removed, with the instant that gives their age and their key.

A row without that instant, such as an open price alert, is kept."""

_TOLD = (notifier_tables.notifications, notifier_tables.briefs)
_TOLD_FOR = timedelta(days=8)
"""How long it is known what was told, also with fewer days: the brief of a week must not seem due again."""


def trim(connection: Connection, limits: Limits, now: datetime) -> int:
    """Remove at most `ROWS_A_STEP` rows beyond the limits; return their number."""
    if limits.days is not None:
        before = now - timedelta(days=limits.days)
        if removed := _remove(connection, before, told_before=min(before, now - _TOLD_FOR)):
            return removed
    if limits.bytes is None or size(connection) <= limits.bytes:
        return 0
    oldest = [
        found
        for _, at, _ in _REMOVED
        if (found := connection.scalar(select(at).where(at.is_not(None)).order_by(at).limit(1))) is not None
    ]
    if not oldest:
        return 0
    before = min(oldest) + _AT_ONCE
    return _remove(connection, before, told_before=before)


def size(connection: Connection) -> int:
    """Return the bytes that rows and indexes use. Of PostgreSQL this is an estimate."""
    if connection.dialect.name == "sqlite":
        pages, free, length = (
            connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * length)
    return sum(_size_of(connection, table) for table in metadata.sorted_tables)


def _remove(connection: Connection, before: datetime, *, told_before: datetime) -> int:
    for table, at, key in _REMOVED:
        end = told_before if table in _TOLD else before
        some = select(key).where(at < end).order_by(at).limit(ROWS_A_STEP)
        if removed := connection.execute(delete(table).where(key.in_(some))).rowcount:
            return removed
    return 0


_BYTES_OF_INDEX_ENTRY = 40
_SAMPLE = 200


def _size_of(connection: Connection, table: Table) -> int:
    """Return the rows of a table times the size of its newest rows.

    The size of the files says little: PostgreSQL reuses the room of removed rows, but seldom gives it back.
    """
    newest = select(table).order_by(*(column.desc() for column in table.primary_key)).limit(_SAMPLE)
    width = connection.scalar(
        select(func.avg(func.pg_column_size(text("newest.*")))).select_from(newest.subquery("newest"))
    )
    per_row = float(width or 0) + _BYTES_OF_INDEX_ENTRY * (1 + len(table.indexes))
    return int(_rows_of(connection, table) * per_row)


def _rows_of(connection: Connection, table: Table) -> int:
    """Return the number of rows; of large tables, that of their numbers, some of which no row has.

    The statistics of the server lag behind, so rows would be removed again and again.
    """
    key = next((key for each, _, key in _REMOVED if each is table), None)
    if key is None:
        return connection.scalar(select(func.count()).select_from(table)) or 0
    first, last = (connection.scalar(select(end(key))) for end in (func.min, func.max))
    return 0 if first is None or last is None else last - first + 1
