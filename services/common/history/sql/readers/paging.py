"""Pages of a list: its order, and the cursors with which it is read on."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Generic, TypeVar

from sqlalchemy import BigInteger, ColumnElement, Connection, Select, Table, literal, select, tuple_
from sqlalchemy import Row as SqlRow

from services.common.errors import NeverWorks
from services.common.history.queries import MAX_LIMIT, Page
from services.common.history.sql.columns import as_number, to_us

T = TypeVar("T")
Condition = ColumnElement[bool]


def check_limit(limit: int) -> int:
    """Return a valid limit. Raises ValueError."""
    if not 1 <= limit <= MAX_LIMIT:
        raise ValueError(f"limit is {limit}, expected 1 to {MAX_LIMIT}")
    return limit


def cursor_of(name: str, *position: int) -> str:
    """Return the cursor of a position in a list."""
    return base64.urlsafe_b64encode(json.dumps([name, *position]).encode()).decode().rstrip("=")


def position_of(name: str, cursor: str, length: int = 2) -> tuple[int, ...]:
    """Return the position of a cursor of this list.

    Raises:
        NeverWorks: it is no cursor of this list.
    """
    try:
        found = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error):
        found = None
    if (
        not isinstance(found, list)
        or found[:1] != [name]
        or len(found) != length + 1
        or not all(type(each) is int and abs(each) < 2**62 for each in found[1:])
    ):
        raise NeverWorks("the cursor is none of this list: use `next` of the page before")
    return tuple(found[1:])


@dataclass(frozen=True, slots=True)
class NewestFirst(Generic[T]):
    """A list of the rows of a table.

    Attributes:
        by: the column of the instants that order the list; `id` orders equal ones.
        make: makes the row that readers get.
    """

    table: Table
    by: str
    make: Callable[[SqlRow[Any]], T]

    def page(
        self,
        connection: Connection,
        conditions: Iterable[Sequence[Condition]],
        limit: int,
        after: str | None,
    ) -> Page[T]:
        """Return a page.

        Args:
            connection: a connection in a transaction.
            conditions: alternatives that exclude each other, each with all its conditions. Each is read by itself, so
                that an index gives its rows in order, and the results are merged.
            limit: the largest number of rows.
            after: the cursor of the page before.
        """
        check_limit(limit)
        instant, number, table = self.table.c[self.by], self.table.c.id, self.table
        statement: Select[Any] = select(table).order_by(instant.desc(), number.desc()).limit(limit + 1)
        if after is not None:
            at, row = position_of(table.name, after)
            statement = statement.where(
                tuple_(as_number(instant), number) < tuple_(literal(at, BigInteger), literal(row, BigInteger))
            )
        found: list[tuple[tuple[int, int], SqlRow[Any]]] = []
        for each in conditions:
            for line in connection.execute(statement.where(*each)):
                found.append(((to_us(getattr(line, self.by)), line.id), line))  # noqa: PERF401 - of several statements
        found.sort(key=itemgetter(0), reverse=True)
        more = len(found) > limit
        rows = found[:limit]
        return Page(
            tuple(self.make(line) for _, line in rows), cursor_of(table.name, *rows[-1][0]) if more else None
        )
