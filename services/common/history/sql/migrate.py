"""Migrates the tables of the history to the newest version, with Alembic. Only the writer does so."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, text

from services.common.history.sql.engine import Database, version_of
from services.common.history.sql.schema.tables import NEWEST_VERSION

MIGRATIONS = Path(__file__).with_name("migrations")
WRITERS = 0x43424859
"""The key of the advisory lock of PostgreSQL that all writers take, so that their transactions come one by one."""


def lock_writers(connection: Connection) -> None:
    """Wait until no other writer is in a transaction. SQLite does this when the transaction begins."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": WRITERS})


def migrate(database: Database) -> None:
    """Create or migrate the tables: all steps take effect, or none.

    Raises:
        TryLater: the database is away, locked or full.
        StopProgram: a later release has migrated it, or the user may not change it.
    """
    with database.begin() as connection:
        lock_writers(connection)
        if version_of(connection, database.place) != NEWEST_VERSION:
            from alembic import command  # takes half a second and 20 MB, and is needed once in a release
            from alembic.config import Config

            config = Config()
            config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
            config.attributes["connection"] = connection
            command.upgrade(config, NEWEST_VERSION)
