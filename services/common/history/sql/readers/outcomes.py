"""Reads outcomes of signals, and figures that were computed beforehand."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, select

from services.common.history.queries import Page
from services.common.history.rows import OutcomeRow, SummaryRow
from services.common.history.sql.mapping import outcome_of, summary_of
from services.common.history.sql.readers.conditions import alternatives, between
from services.common.history.sql.readers.paging import NewestFirst, check_limit
from services.common.history.sql.schema.tables import outcomes, summaries

_LIST = NewestFirst(outcomes, "available_at", outcome_of)


def page(
    connection: Connection,
    *,
    horizon: int | None,
    since: datetime | None,
    until: datetime | None,
    limit: int,
    after: str | None,
) -> Page[OutcomeRow]:
    """Return a page of outcomes by `available_at`, newest first."""
    horizons = () if horizon is None else (horizon,)
    period = list(between(outcomes.c.available_at, since, until))
    conditions = alternatives([(outcomes.c.horizon, horizons)], period)
    return _LIST.page(connection, conditions, limit, after)


def of_articles(connection: Connection, ids: Collection[str]) -> tuple[OutcomeRow, ...]:
    """Return the outcomes of the signals of these articles, by article, pair, revision and horizon."""
    if not ids:
        return ()
    check_limit(len(ids))
    columns = outcomes.c
    order = (columns.article_id, columns.pair, columns.model, columns.revision, columns.horizon)
    statement = select(outcomes).where(columns.article_id.in_(list(ids))).order_by(*order)
    return tuple(outcome_of(line) for line in connection.execute(statement))


def summary(connection: Connection, name: str) -> SummaryRow | None:
    """Return the figures that were computed beforehand under this name."""
    line = connection.execute(select(summaries).where(summaries.c.name == name)).first()
    return None if line is None else summary_of(line)
