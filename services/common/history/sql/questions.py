"""Asks the database of the history: each question in a short transaction of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection

from services.common.history.sql.engine import Database, check_readable

T = TypeVar("T")


class Questions:
    """A database that is read, and connected to when it is first used."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._has_tables = False

    def ask(self, empty: T, question: Callable[[Connection], T]) -> T:
        """Return the answer to a question; `empty` if nobody has written a history yet."""
        if not self._database.exists:
            return empty
        with self._database.begin() as connection:
            if not self._has_tables:
                self._has_tables = check_readable(connection, self._database.place)
            return question(connection) if self._has_tables else empty

    def close(self) -> None:
        """Close the connections. May be called twice."""
        self._database.engine.dispose()
