"""Reads holds."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from services.common.history.queries import Page
from services.common.history.rows import HoldRow
from services.common.history.sql.mapping import hold_of
from services.common.history.sql.readers.conditions import between
from services.common.history.sql.readers.paging import NewestFirst
from services.common.history.sql.schema.tables import holds

_LIST = NewestFirst(holds, "seen", hold_of)


def page(
    connection: Connection, *, since: datetime | None, until: datetime | None, limit: int, after: str | None
) -> Page[HoldRow]:
    """Return a page of holds by `seen`, newest first."""
    conditions = list(between(holds.c.seen, since, until))
    return _LIST.page(connection, [conditions], limit, after)
