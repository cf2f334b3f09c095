"""Pages of a list: its order, and the cursors with which it is read on."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Generic, TypeVar

from sqlalchemy import BigInteger, ColumnElement, Connection, Select, Table, Tuple, literal, select, tuple_
from sqlalchemy import Row as SqlRow

from services.common.errors import NeverWorks
from services.common.history.queries import MAX_LIMIT, Page
from services.common.history.sql.schema.columns import as_number, to_us

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


MOST_LOOKED_AT = 10_000
"""The largest number of rows that are looked at for one page if no index knows which rows are wanted."""


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
        searched: Sequence[Condition] = (),
    ) -> Page[T]:
        """Return a page. With `searched` it may have fewer rows than `limit`, or none, although there is a next one.

        Args:
            connection: a connection in a transaction.
            conditions: alternatives that exclude each other, each with all its conditions. Each is read by itself, so
                that an index gives its rows in order, and the results are merged.
            limit: the largest number of rows.
            after: the cursor of the page before.
            searched: further conditions, for which no index has the order of the list. A rare value would be looked for
                in the whole table, so a page ends with the `MOST_LOOKED_AT`th row of each alternative.
        """
        check_limit(limit)
        instant, number, table = self.table.c[self.by], self.table.c.id, self.table
        statement: Select[Any] = select(table).order_by(instant.desc(), number.desc()).limit(limit + 1)
        if after is not None:
            statement = statement.where(self._position < _literals(position_of(table.name, after)))
        alternatives = list(conditions)
        end = self._end(connection, statement, alternatives) if searched else None
        if end is not None:
            statement = statement.where(self._position >= _literals(end))
        found: list[tuple[tuple[int, int], SqlRow[Any]]] = []
        for each in alternatives:
            for line in connection.execute(statement.where(*each, *searched)):
                found.append(((to_us(getattr(line, self.by)), line.id), line))  # noqa: PERF401 - of several statements
        found.sort(key=itemgetter(0), reverse=True)
        rows = found[:limit]
        last = rows[-1][0] if len(found) > limit else end
        return Page(
            tuple(self.make(line) for _, line in rows), None if last is None else cursor_of(table.name, *last)
        )

    @property
    def _position(self) -> Tuple:
        return tuple_(as_number(self.table.c[self.by]), self.table.c.id)

    def _end(
        self, connection: Connection, statement: Select[Any], alternatives: Sequence[Sequence[Condition]]
    ) -> tuple[int, int] | None:
        """The position of the last row that is looked at for a page; None if there are not so many rows."""
        positions = statement.with_only_columns(*self._position).limit(1).offset(MOST_LOOKED_AT - 1)
        ends = [connection.execute(positions.where(*each)).first() for each in alternatives]
        return max(((line[0], line[1]) for line in ends if line is not None), default=None)


def _literals(position: Sequence[int]) -> Tuple:
    return tuple_(*(literal(each, BigInteger) for each in position))
