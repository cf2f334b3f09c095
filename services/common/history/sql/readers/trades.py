"""Reads trades."""

from __future__ import annotations

from sqlalchemy import Connection, select

from services.common.history.queries import Page, TradeFilter
from services.common.history.rows import TradeRow
from services.common.history.sql.mapping import trade_of
from services.common.history.sql.readers.conditions import alternatives, between
from services.common.history.sql.readers.paging import NewestFirst
from services.common.history.sql.schema.tables import trades

_LIST = NewestFirst(trades, "opened", trade_of)


def page(connection: Connection, which: TradeFilter, limit: int, after: str | None) -> Page[TradeRow]:
    """Return a page of trades by `opened`, newest first."""
    columns = trades.c
    others = list(between(columns.opened, which.since, which.until))
    if which.is_open is not None:
        others.append(columns.closed.is_(None) if which.is_open else columns.closed.is_not(None))
    conditions = alternatives([(columns.pair, which.pairs), (columns.bot, which.bots)], others)
    return _LIST.page(connection, conditions, limit, after)


def one(connection: Connection, trade_id: int, bot: str | None) -> TradeRow | None:
    """Return the trade with this id; without a bot, the one that was opened last."""
    statement = select(trades).where(trades.c.trade_id == trade_id).order_by(trades.c.opened.desc()).limit(1)
    if bot is not None:
        statement = statement.where(trades.c.bot == bot)
    line = connection.execute(statement).first()
    return None if line is None else trade_of(line)
