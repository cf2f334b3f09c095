"""Reads the rows of the strategy's dataframe."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from services.common.history.queries import Page
from services.common.history.rows import AnalysedRow
from services.common.history.sql.mapping import analysed_of
from services.common.history.sql.readers.conditions import between
from services.common.history.sql.readers.paging import NewestFirst
from services.common.history.sql.schema.tables import analysed

_LIST = NewestFirst(analysed, "opened", analysed_of)


def page(
    connection: Connection,
    pair: str,
    timeframe: str | None,
    *,
    since: datetime | None,
    until: datetime | None,
    limit: int,
    after: str | None,
) -> Page[AnalysedRow]:
    """Return a page of the analysed rows of a pair by `opened`, newest first."""
    conditions = [analysed.c.pair == pair, *between(analysed.c.opened, since, until)]
    if timeframe is not None:
        conditions.append(analysed.c.timeframe == timeframe)
    return _LIST.page(connection, [conditions], limit, after)
