"""Reads articles."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, literal, select

from services.common.history.queries import ArticleFilter, Page
from services.common.history.rows import ArticleRow
from services.common.history.sql.mapping import article_of
from services.common.history.sql.readers.conditions import alternatives, between
from services.common.history.sql.readers.paging import NewestFirst, check_limit
from services.common.history.sql.schema.tables import articles

_WITHOUT_CONTENT = [
    literal("").label(column.name) if column is articles.c.content else column for column in articles.c
]
_LIST = NewestFirst(articles, "fetched", article_of)


def page(connection: Connection, which: ArticleFilter, limit: int, after: str | None) -> Page[ArticleRow]:
    """Return a page of articles by `fetched`, newest first."""
    period = list(between(articles.c.fetched, which.since, which.until))
    conditions = alternatives([(articles.c.source, which.sources)], period)
    return _LIST.page(connection, conditions, limit, after)


def by_id(connection: Connection, ids: Collection[str], *, with_content: bool) -> dict[str, ArticleRow]:
    """Return the articles with these ids, by id."""
    if not ids:
        return {}
    check_limit(len(ids))
    columns = articles.c if with_content else _WITHOUT_CONTENT
    found = connection.execute(select(*columns).where(articles.c.article_id.in_(list(ids))))
    return {row.article_id: row for row in map(article_of, found)}
