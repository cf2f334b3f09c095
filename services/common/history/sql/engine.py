"""Opens the database of the history, for the one writer and for readers.

SQLite is in WAL mode, so readers never wait for the writer and never make it wait. PostgreSQL does that by itself.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.pool import QueuePool

from services.common.errors import StopProgram, TryLater
from services.common.history.sql.errors import reactions
from services.common.history.sql.schema.tables import NEWEST_VERSION
from services.common.sqlite import Schema, open_database

BUSY_SECONDS = 5.0
"""How long a statement waits for a lock."""
_SQLITE = "sqlite:///"
_READERS = 4
_STATEMENT_MS = 30_000
_FILE = Schema(versions=((),), application_id=0x43424859)  # "CBHY"; Alembic keeps the version of the tables
_NETWORK = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
    "application_name": "cryptoboy",
}


@dataclass(frozen=True, slots=True)
class Database:
    """A database that is opened when it is first used.

    Attributes:
        place: the address without the password.
        path: the file of SQLite; None for PostgreSQL.
    """

    engine: Engine
    place: str
    path: Path | None

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Yield a connection in a transaction, which is committed at the end of the block.

        Raises:
            TryLater, StopProgram: as the ports of the history say.
        """
        with reactions(self.place, self.path), self.engine.begin() as connection:
            yield connection

    @property
    def exists(self) -> bool:
        """Whether there may be a history: false for a file that is missing or empty."""
        return self.path is None or (self.path.is_file() and self.path.stat().st_size > 0)


def writable(url: str) -> Database:
    """Return the database for the writer, which creates the file of SQLite."""
    path = _file_of(url)
    if path is None:
        where = _parsed(url)
        return Database(_postgresql(where, 1, f"-c statement_timeout={_STATEMENT_MS}"), _place(where), None)

    def connect() -> sqlite3.Connection:
        db = open_database(path, _FILE, busy_seconds=BUSY_SECONDS)
        db.execute("PRAGMA synchronous = FULL")  # what is acknowledged to the broker survives a power failure
        return db

    return Database(_sqlite(connect, 1, "BEGIN IMMEDIATE"), str(path), path)


def readable(url: str) -> Database:
    """Return the database for readers, who cannot change it."""
    path = _file_of(url)
    if path is None:
        where = _parsed(url)
        options = f"-c default_transaction_read_only=on -c statement_timeout={_STATEMENT_MS}"
        return Database(_postgresql(where, _READERS, options), _place(where), None)

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(
            f"file:{quote(str(path))}?mode=ro",
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )

    return Database(_sqlite(connect, _READERS, "BEGIN"), str(path), path)


def version_of(connection: Connection, place: str) -> str | None:
    """Return the version of the schema; None if there are no tables yet.

    Raises:
        StopProgram: a later release has migrated the history.
    """
    if not inspect(connection).has_table("alembic_version"):
        return None
    version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if version is not None and version > NEWEST_VERSION:
        raise StopProgram(
            f"the history in {place} has version {version}, this program knows {NEWEST_VERSION}: a later release wrote "
            "it; install that one again to go on with it"
        )
    return version


def check_readable(connection: Connection, place: str) -> bool:
    """Return whether there are tables to read.

    Raises:
        TryLater: the recorder has not migrated the history yet.
        StopProgram: a later release has migrated it.
    """
    version = version_of(connection, place)
    if version is not None and version < NEWEST_VERSION:
        raise TryLater(f"the history in {place} has an older version, until the recorder is started")
    return version is not None


def _parsed(url: str) -> URL:
    where = make_url(url)
    return where.set(drivername="postgresql+psycopg") if where.drivername == "postgresql" else where


def _file_of(url: str) -> Path | None:
    """Return the file of a URL of SQLite, in which the characters of a path stand for themselves."""
    return Path(url.removeprefix(_SQLITE)) if url.startswith(_SQLITE) else None


def _place(where: URL) -> str:
    return f"{where.host or 'localhost'}:{where.port or 5432}/{where.database or ''}"


def _sqlite(connect: Callable[[], sqlite3.Connection], connections: int, begin: str) -> Engine:
    engine = create_engine(
        "sqlite://",
        creator=connect,
        poolclass=QueuePool,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=BUSY_SECONDS,
    )
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


def _postgresql(where: URL, connections: int, options: str) -> Engine:
    import psycopg

    arguments: dict[str, Any] = {
        **_NETWORK,
        "options": f"{options} -c lock_timeout={int(BUSY_SECONDS * 1000)}",
    }
    with reactions(_place(where), None):  # some parts of a URL are read before there is a connection
        return create_engine(
            where,
            module=psycopg,
            connect_args={name: value for name, value in arguments.items() if name not in where.query},
            pool_size=connections,
            max_overflow=0,
            pool_timeout=BUSY_SECONDS,
            pool_pre_ping=True,
        )
