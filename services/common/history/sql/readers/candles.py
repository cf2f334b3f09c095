"""Reads candles."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, exists, select, tuple_

from services.common.history.queries import Page
from services.common.history.rows import CandleRow
from services.common.history.sql.mapping import candle_of
from services.common.history.sql.readers.conditions import between
from services.common.history.sql.readers.paging import check_limit, cursor_of, position_of
from services.common.history.sql.schema.columns import as_number, to_us
from services.common.history.sql.schema.tables import candles

_NAME = candles.name


def page(
    connection: Connection,
    symbol: str,
    timeframe: str,
    *,
    since: datetime | None,
    until: datetime | None,
    known_at: datetime | None,
    limit: int,
    after: str | None,
) -> Page[CandleRow]:
    """Return a page of candles by `opened`, oldest first, each in its last version collected by `known_at`."""
    check_limit(limit)
    columns, later = candles.c, candles.alias("later")
    corrected = exists().where(
        later.c.symbol == columns.symbol,
        later.c.timeframe == columns.timeframe,
        later.c.opened == columns.opened,
        later.c.collected > columns.collected,
        *([later.c.collected <= known_at] if known_at is not None else []),
    )
    statement = (
        select(candles)
        .where(columns.symbol == symbol, columns.timeframe == timeframe, ~corrected)
        .where(*between(columns.opened, since, until))
        .order_by(columns.opened)
        .limit(limit + 1)
    )
    if known_at is not None:
        statement = statement.where(columns.collected <= known_at)
    if after is not None:
        statement = statement.where(as_number(columns.opened) > position_of(_NAME, after, 1)[0])
    found = connection.execute(statement).all()
    rows = tuple(candle_of(line) for line in found[:limit])
    return Page(rows, cursor_of(_NAME, to_us(rows[-1].opened)) if len(found) > limit else None)


def timeframes(connection: Connection) -> tuple[tuple[str, str], ...]:
    """Return the symbols and timeframes of which there are candles, without reading all of them."""
    found: list[tuple[str, str]] = []
    names = (candles.c.symbol, candles.c.timeframe)
    statement = select(*names).order_by(*names).limit(1)
    while line := connection.execute(
        statement.where(tuple_(*names) > found[-1]) if found else statement
    ).first():
        found.append((line.symbol, line.timeframe))
    return tuple(found)


def newest(connection: Connection, until: datetime) -> dict[tuple[str, str], CandleRow]:
    """Return the last candle of each symbol and timeframe that opened before an instant, in its last version."""
    columns = candles.c
    statement = (
        select(candles)
        .where(columns.opened < until)
        .order_by(columns.opened.desc(), columns.collected.desc())
        .limit(1)
    )
    found = {}
    for symbol, timeframe in timeframes(connection):
        own = statement.where(columns.symbol == symbol, columns.timeframe == timeframe)
        if line := connection.execute(own).first():
            found[symbol, timeframe] = candle_of(line)
    return found
