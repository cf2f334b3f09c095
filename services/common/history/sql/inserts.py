"""Adds rows to a table such that adding them again changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, Text, cast, func, insert, literal, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from services.common.history.rows import Kind
from services.common.history.sql.schema import tables

Values = dict[str, Any]
_ENTRY = ("kind", "key", "pair", "source", "at", "row")
_KEYS_AT_ONCE = 500
"""Both databases limit the parameters of a statement, and PostgreSQL the depth of its condition."""
_PARAMETERS_AT_ONCE = 32_766
"""The parameters that a statement of SQLite may have, since its version 3.32."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A table whose rows never change, and its entries in the change feed.

    Attributes:
        key: the columns by which a row is recognized.
        kind: the kind of the entries; None if the change feed does not know the table.
        name, pair, source: the columns that give `key`, `pair` and `source` of an entry; empty for none.
        at: the column that gives the instant of an entry.
    """

    table: Table
    key: tuple[str, ...]
    kind: Kind | None
    name: str = ""
    pair: str = ""
    source: str = ""
    at: str = "recorded"


ARTICLES = Kept(tables.articles, ("article_id",), Kind.ARTICLE, "article_id", source="source")
SCORINGS = Kept(tables.scorings, ("article_id", "scored"), Kind.RESULT, "article_id")
SIGNALS = Kept(
    tables.signals,
    ("article_id", "pair", "model", "revision"),
    Kind.SIGNAL,
    "article_id",
    pair="pair",
    source="source",
)
CANDLES = Kept(
    tables.candles, ("symbol", "timeframe", "opened", "collected"), Kind.CANDLE, "symbol", pair="symbol"
)
TRADES = Kept(
    tables.trades, ("bot", "trade_id"), Kind.TRADE, "trade_id", pair="pair", source="bot", at="updated"
)
ANALYSED = Kept(tables.analysed, ("pair", "timeframe", "opened"), None)
HOLDS = Kept(tables.holds, ("owner", "action", "seen"), Kind.HOLD, "owner", at="seen")


def add_new(connection: Connection, kept: Kept, rows: Sequence[object]) -> int:
    """Insert the rows of the ports whose keys are not there yet, with their entries in the change feed.

    Numbers only rise and there is one writer, so the new rows are those with numbers above the present ones.

    Returns:
        The number of new rows.
    """
    number = kept.table.c.id
    newest = connection.scalar(select(func.max(number))) or 0
    _execute_many(connection, kept.table, rows)
    if kept.kind is not None:
        _add_entries(connection, kept, number > newest)
    return connection.scalar(select(func.count()).where(number > newest)) or 0


def added(connection: Connection, kept: Kept, rows: Sequence[Values]) -> list[Values]:
    """Insert the rows whose keys are not there yet, without entries in the change feed; return the new ones."""
    columns = [kept.table.c[name] for name in kept.key]
    statement = _insert(connection, kept.table).on_conflict_do_nothing().returning(*columns)
    first = {_key(kept, row): row for row in reversed(rows)}
    new = {tuple(line) for line in connection.execute(statement, list(rows))}
    return [row for key, row in reversed(first.items()) if key in new]


def replace(
    connection: Connection,
    kept: Kept,
    rows: Sequence[Values],
    where: Callable[[Any], ColumnElement[bool]],
    *,
    but: Collection[str] = (),
) -> list[Values]:
    """Insert rows with different keys, or replace those with the same keys, but not the columns `but`.

    `where` gives the condition for replacing, from the new values.

    Returns:
        The rows that were inserted or replaced others, with their `id`.
    """
    statement = _insert(connection, kept.table)
    columns = [kept.table.c[name] for name in kept.key]
    changing = statement.on_conflict_do_update(
        index_elements=columns,
        set_={name: statement.excluded[name] for name in rows[0] if name not in (*kept.key, *but)},
        where=where(statement.excluded),
    ).returning(kept.table.c.id, *columns)
    ids = {tuple(line[1:]): line[0] for line in connection.execute(changing, list(rows))}
    return [{**row, "id": ids[key]} for row in rows if (key := _key(kept, row)) in ids]


def existing(connection: Connection, kept: Kept, rows: Sequence[Values]) -> dict[tuple[Any, ...], Values]:
    """Return the stored rows with the keys of these rows, by key."""
    columns = tuple_(*(kept.table.c[name] for name in kept.key))
    found: dict[tuple[Any, ...], Values] = {}
    for start in range(0, len(rows), _KEYS_AT_ONCE):
        keys = [_key(kept, row) for row in rows[start : start + _KEYS_AT_ONCE]]
        lines = connection.execute(kept.table.select().where(columns.in_(keys))).mappings()
        found.update((_key(kept, row), row) for row in map(dict, lines))
    return found


def last_of(kept: Kept, rows: Sequence[Values]) -> list[Values]:
    """Return the last row with each key: a statement cannot replace a row twice."""
    return list({_key(kept, row): row for row in rows}.values())


def put(connection: Connection, table: Table, row: Values, newer: str = "") -> None:
    """Insert a row, or replace the one with the same primary key, unless it is larger in the column `newer`."""
    statement = _insert(connection, table)
    keys = [column.name for column in table.primary_key]
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=keys,
            set_={name: statement.excluded[name] for name in row if name not in keys},
            where=statement.excluded[newer] >= table.c[newer] if newer else None,
        ),
        row,
    )


def add_entries(connection: Connection, kept: Kept, rows: Sequence[Values]) -> None:
    """Write an entry of the change feed for each of these rows, which have their `id`."""
    for start in range(0, len(rows) if kept.kind else 0, _KEYS_AT_ONCE):
        numbers = [row["id"] for row in rows[start : start + _KEYS_AT_ONCE]]
        _add_entries(connection, kept, kept.table.c.id.in_(numbers))


def _add_entries(connection: Connection, kept: Kept, which: ColumnElement[bool]) -> None:
    """Write the entries of the rows that meet a condition."""
    columns = kept.table.c
    names = [columns[name] if name else literal("") for name in (kept.pair, kept.source)]
    kind, key = literal(kept.kind), cast(columns[kept.name], Text)
    found = select(kind, key, *names, columns[kept.at], columns.id).where(which).order_by(columns.id)
    connection.execute(insert(tables.events).from_select(_ENTRY, found))


def _execute_many(connection: Connection, table: Table, rows: Sequence[object]) -> None:
    """Insert the rows whose keys are not there yet.

    SQLAlchemy takes longer to convert the values of a batch than SQLite to write it, so its statement is used with the
    converted values at once.
    """
    dialect = connection.dialect
    names = [column.name for column in table.columns if column.name != "id"]
    statement = _insert(connection, table).on_conflict_do_nothing()
    compiled = statement.compile(dialect=dialect, column_keys=names)
    names = compiled.positiontup or names
    found = [table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names]
    convert = [(number, each) for number, each in enumerate(found) if each is not None]
    values_of = attrgetter(*names)
    lines = []
    for row in rows:
        values = list(values_of(row))
        for number, each in convert:
            values[number] = each(values[number])
        lines.append(values)
    if compiled.positional:
        _insert_at_once(connection, str(compiled), lines)
    else:
        connection.exec_driver_sql(str(compiled), [dict(zip(names, line, strict=True)) for line in lines])


def _insert_at_once(connection: Connection, statement: str, lines: Sequence[Sequence[Any]]) -> None:
    """Insert many rows by one statement, which is made of the one for a single row.

    Python's sqlite3 lets other threads run during each row of `executemany`, and then waits up to 5 ms for its turn.
    """
    one = f"({', '.join('?' * len(lines[0]))})"
    most = _PARAMETERS_AT_ONCE // len(lines[0])
    for start in range(0, len(lines), most):
        some = lines[start : start + most]
        many = statement.replace(one, ", ".join([one] * len(some)))
        connection.exec_driver_sql(many, tuple(chain.from_iterable(some)))


def _key(kept: Kept, row: Values) -> tuple[Any, ...]:
    return tuple(row[name] for name in kept.key)


def _insert(connection: Connection, table: Table) -> Any:  # noqa: ANN401 - two types with the same methods
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    return dialect.insert(table)
