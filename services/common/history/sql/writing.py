"""Writes to the database of the history: each change in a transaction of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from services.common.errors import CryptoBoyError
from services.common.history.sql.content import refuse_mixture
from services.common.history.sql.engine import Database
from services.common.history.sql.migrate import migrate
from services.common.runtime.health import DependencyHealth


class Writing:
    """A database that is written. It is migrated to the newest version when it is first used."""

    def __init__(self, database: Database, *, scored: bool = False) -> None:
        self._database = database
        self._scored = scored
        self._is_migrated = False
        self._health = DependencyHealth(ok=False, detail=f"{database.place}: not used yet")

    def check(self) -> None:
        """Connect, and migrate the tables if necessary."""
        with self.begin():
            pass

    def health(self) -> DependencyHealth:
        """The state of the database when it was last used."""
        return self._health

    def close(self) -> None:
        """Close the connections. May be called twice."""
        self._database.engine.dispose()

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Yield a connection in a transaction, and remember whether the database could be used."""
        try:
            if not self._is_migrated:
                migrate(self._database)
                with self._database.begin() as connection:
                    refuse_mixture(connection, self._database.place, scored=self._scored)
                self._is_migrated = True
            with self._database.begin() as connection:
                yield connection
        except CryptoBoyError as error:
            self._health = DependencyHealth(ok=False, detail=str(error))
            raise
        self._health = DependencyHealth(ok=True, detail=self._database.place)
