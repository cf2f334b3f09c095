"""The file of the embedded queue: opening it, transactions, and its errors as ours.

SQLite in WAL mode, shared by the processes of one machine. It must lie on a local disk: SQLite's locks do not
hold on network file systems.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.common.errors import CryptoBoyError, StopProgram, TryLater

APPLICATION_ID = 0x43425151
SCHEMA_VERSION = 1
READ_SECONDS = 5.0

_SCHEMA = """
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
    deaths INTEGER NOT NULL DEFAULT 0,      -- consumers that died with it in hand
    lease INTEGER                           -- the consumer that has it in hand
);
CREATE INDEX ready ON messages (queue, seq) WHERE lease IS NULL;
CREATE INDEX leased ON messages (lease) WHERE lease IS NOT NULL;
CREATE INDEX due ON messages (queue, due_at) WHERE due_at IS NOT NULL;
CREATE TABLE consumers (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    owner TEXT NOT NULL,                    -- the broker instance, see embedded_owner
    queue TEXT NOT NULL
);
"""
_TRAFFIC = """
CREATE TABLE IF NOT EXISTS traffic (        -- of each queue, from when the file was made; older files get it too
    queue TEXT PRIMARY KEY,
    stored INTEGER NOT NULL,                -- messages
    handed_out INTEGER NOT NULL
) WITHOUT ROWID
"""

_BROKEN = {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}
_FORBIDDEN = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH}
_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


class QueueFile:
    """One connection to the file, used by one thread at a time.

    Raises:
        StopProgram: the file cannot be used; says the way out.
        TryLater: another process is just making it, or the disk is full.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._changes = 0
        self._open = True
        self.changed = threading.Condition()
        with self._translated():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(
                path, timeout=READ_SECONDS, isolation_level=None, check_same_thread=False
            )
            try:
                self._prepare_patiently()
            except BaseException:
                self._db.close()
                raise
            self._inode = path.stat().st_ino

    def _prepare_patiently(self) -> None:
        """Several processes may make the file at once, and for some steps of that SQLite does not wait."""
        deadline = time.monotonic() + READ_SECONDS
        while True:
            try:
                self._prepare()
            except sqlite3.OperationalError as error:
                if _code(error) not in _BUSY or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
            else:
                return

    def _prepare(self) -> None:
        if self._db.in_transaction:  # of an attempt that was given up
            self._db.execute("ROLLBACK")
        self._db.execute("BEGIN")
        self._is_empty()  # before anything is changed in a file that may not be ours
        self._db.execute("COMMIT")
        if self._db.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
            raise StopProgram(
                f"{self.path} lies on a file system that processes cannot share it on. "
                "Set STATE_DIR to a folder on a local disk."
            )
        self._db.execute("BEGIN IMMEDIATE")
        if self._is_empty():
            for statement in _SCHEMA.split(";"):
                self._db.execute(statement)
            self._db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            self._db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        self._db.execute(_TRAFFIC)
        self._db.execute("COMMIT")

    def _is_empty(self) -> bool:
        """Whether the tables are still to be made; raises StopProgram if the file is somebody else's."""
        found = [
            self._db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("user_version", "application_id")
        ]
        if found == [SCHEMA_VERSION, APPLICATION_ID]:
            return False
        if found == [0, 0] and not self._db.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
            return True
        raise StopProgram(
            f"{self.path} is not a queue file of this version. Move it away (what it holds stays in it), "
            "or set STATE_DIR to another folder."
        )

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection, for statements that change nothing."""
        with self._lock, self._translated():
            self._check_usable()
            yield self._db

    @contextmanager
    def writing(self, *, durable: bool, timeout: float) -> Iterator[sqlite3.Connection]:
        """A transaction, rolled back if the block raises.

        Args:
            durable: return only when the disk has it. What is not durable survives the end of every process,
                but not a power cut, and becomes durable with the next change that is.
            timeout: seconds to wait for other writers.
        """
        if not self._lock.acquire(timeout=timeout):
            raise TryLater(f"{self.path} is in use by another thread for too long")
        try:
            with self._translated():
                self._check_usable()
                self._db.execute(f"PRAGMA busy_timeout = {int(timeout * 1000)}")
                self._db.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
                self._db.execute("BEGIN IMMEDIATE")
                try:
                    yield self._db
                    self._db.execute("COMMIT")
                except BaseException:
                    if self._db.in_transaction:
                        self._db.execute("ROLLBACK")
                    raise
                self._changes += 1
        finally:
            self._lock.release()
        with self.changed:
            self.changed.notify_all()

    def version(self) -> tuple[int, int]:
        """Differs from the last one if anything was written since, here or by another process. Cheap."""
        with self.reading() as db:
            return db.execute("PRAGMA data_version").fetchone()[0], self._changes

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
            raise self._reaction(error) from error
        except OSError as error:
            raise StopProgram(
                f"{self.path} cannot be used: {error}. Set STATE_DIR to a folder on a local disk that this "
                "user may write."
            ) from error

    def _reaction(self, error: sqlite3.Error) -> CryptoBoyError:
        code = _code(error)
        if code in _BUSY:
            return TryLater(f"{self.path} is in use by another process for too long")
        if code in _FULL:
            return TryLater(f"{self.path} cannot be written now: {error}. Make room on the disk.")
        if code in _FORBIDDEN:
            return StopProgram(
                f"{self.path} cannot be opened or written: {error}. Give this user the right to write the file "
                "and its folder, or set STATE_DIR to another folder."
            )
        if code in _BROKEN:
            return StopProgram(
                f"{self.path} is damaged or no queue file: {error}. Stop all services and move it away, "
                "with the files beside it that begin with its name; its messages are then gone."
            )
        return StopProgram(f"{self.path} cannot be used: {error}. Stop all services and move it away.")


def _code(error: sqlite3.Error) -> int:
    """The primary result code of SQLite."""
    return int(getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)) & 0xFF
