"""Reads scorings."""

from __future__ import annotations

from sqlalchemy import Connection

from services.common.history.queries import Page, ScoringFilter
from services.common.history.rows import ScoringRow
from services.common.history.sql.mapping import scoring_of
from services.common.history.sql.readers.conditions import alternatives, between
from services.common.history.sql.readers.paging import NewestFirst
from services.common.history.sql.schema.tables import scorings

_LIST = NewestFirst(scorings, "scored", scoring_of)


def page(connection: Connection, which: ScoringFilter, limit: int, after: str | None) -> Page[ScoringRow]:
    """Return a page of scorings by `scored`, newest first."""
    columns = scorings.c
    chosen = [
        (columns.article_id, which.articles),
        (columns.story, which.stories),
        (columns.outcome, which.outcomes),
    ]
    conditions = alternatives(chosen, list(between(columns.scored, which.since, which.until)))
    return _LIST.page(connection, conditions, limit, after)
