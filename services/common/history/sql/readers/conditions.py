"""The conditions of filters."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, true

Condition = ColumnElement[bool]


def between(column: Column[Any], since: datetime | None, until: datetime | None) -> Iterator[Condition]:
    """The conditions for `since` <= column < `until`."""
    if since is not None:
        yield column >= since
    if until is not None:
        yield column < until


def alternatives(
    chosen: Collection[tuple[Column[Any], Collection[Any]]], others: Collection[Condition]
) -> list[list[Condition]]:
    """Return conditions that exclude each other and together select the rows with one of the values in each column.

    The first column with values leads: there is one alternative for each of its values, so that an index on it gives
    the rows of each alternative in the order of the list.
    """
    given = [(column, dict.fromkeys(values)) for column, values in chosen if values]
    if not given:
        return [[true(), *others]]
    (leading, leaders), *rest = given
    further = [column.in_(list(values)) for column, values in rest]
    return [[leading == each, *further, *others] for each in leaders]
