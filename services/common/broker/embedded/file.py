"""Opens the file of the embedded queue, runs transactions, detects a replaced file, and translates SQLite errors."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.common.errors import StopProgram, TryLater
from services.common.sqlite import Schema, open_database, reaction_to, transaction

READ_SECONDS = 5.0

_MESSAGES = """
CREATE TABLE messages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,  -- the order within every queue
    queue TEXT NOT NULL,
    body BLOB NOT NULL,
    message_id TEXT NOT NULL,
    headers TEXT NOT NULL,                  -- JSON object
    published INTEGER NOT NULL,             -- seconds since the epoch, for people
    stored_at REAL NOT NULL,                -- monotonic seconds, as all times below
    due_at REAL,                            -- of a message that waits for another attempt
    handed_out INTEGER NOT NULL DEFAULT 0,  -- times
    deaths INTEGER NOT NULL DEFAULT 0,      -- consumers that died while they held it
    lease INTEGER                           -- the consumer that it is leased to
)
"""
_CONSUMERS = """
CREATE TABLE consumers (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    owner TEXT NOT NULL,                    -- the broker instance, see `owner`
    queue TEXT NOT NULL
)
"""
_TRAFFIC = """
CREATE TABLE IF NOT EXISTS traffic (        -- of each queue, from when the file was made; older files get it too
    queue TEXT PRIMARY KEY,
    stored INTEGER NOT NULL,                -- messages
    handed_out INTEGER NOT NULL
) WITHOUT ROWID
"""
_SCHEMA = Schema(
    versions=(
        (
            _MESSAGES,
            "CREATE INDEX ready ON messages (queue, seq) WHERE lease IS NULL",
            "CREATE INDEX leased ON messages (lease) WHERE lease IS NOT NULL",
            "CREATE INDEX due ON messages (queue, due_at) WHERE due_at IS NOT NULL",
            _CONSUMERS,
            _TRAFFIC,
        ),
    ),
    application_id=0x43425151,
)
_BROKEN = {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}


class QueueFile:
    """One connection to the file; only one thread at a time can use the connection.

    Raises:
        StopProgram: the file cannot be used; the message says what to do.
        TryLater: another process is creating the file, or the disk is full.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._open = True
        with self._translated():
            self._db = open_database(path, _SCHEMA, busy_seconds=READ_SECONDS)
            try:
                self._db.execute(_TRAFFIC)
                self._inode = path.stat().st_ino
            except BaseException:
                self._db.close()
                raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A context manager that provides the connection for statements that only read."""
        with self._lock, self._translated():
            self._check_usable()
            yield self._db

    @contextmanager
    def writing(self, *, durable: bool, timeout: float) -> Iterator[sqlite3.Connection]:
        """A context manager for a transaction, which is rolled back if the block raises.

        Args:
            durable: whether to return only when the change is on the disk. A change that is not durable survives
                the end of every process, but not a power cut; the next durable change makes it durable too.
            timeout: seconds to wait for other writers.
        """
        if not self._lock.acquire(timeout=timeout):
            raise TryLater(f"{self.path} is in use by another thread for too long")
        try:
            with self._translated():
                self._check_usable()
                self._db.execute(f"PRAGMA busy_timeout = {int(timeout * 1000)}")
                self._db.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
                with transaction(self._db):
                    yield self._db
        finally:
            self._lock.release()

    def close(self) -> None:
        """Close the connection. May be called twice."""
        with self._lock:
            self._open = False
            self._db.close()

    def _check_usable(self) -> None:
        if not self._open:
            raise TryLater(f"{self.path}: closed")
        try:
            same = os.stat(self.path).st_ino == self._inode  # noqa: PTH116 - at every transaction; half the cost
        except FileNotFoundError:
            same = False
        if not same:
            raise StopProgram(
                f"{self.path} was removed or replaced while in use; what it held is lost. "
                "Start all services again, and stop them before you empty STATE_DIR."
            )

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in _BROKEN:
                raise StopProgram(
                    f"{self.path} is damaged or no queue file: {error}. Stop all services and move it away, "
                    "with the files beside it that begin with its name; its messages are then gone."
                ) from error
            raise reaction_to(error, self.path, "the queue") from error
