"""SQLite files: how they are opened, migrated to the current version and changed, and what their errors mean.

The version of a file is its `PRAGMA user_version`. Connections are in autocommit mode and may be used by any thread,
but only by one at a time. Files are in WAL mode and shared by the processes of one machine, so they have to be on a
local disk.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from services.common.errors import StopProgram, TryLater

IN_MEMORY = Path(":memory:")
"""The path of a database in memory, which only this process sees and which is lost when it is closed."""
BUSY_SECONDS = 30.0
"""How many seconds a statement waits for other processes, unless the caller sets another time."""
_MODE = 0o600
_RETRY_SECONDS = 0.02
_PRIMARY_CODE = 0xFF
_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_PASSING = _BUSY | {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}

Step = str | Callable[[sqlite3.Connection], object]


@dataclass(frozen=True, slots=True)
class Schema:
    """The tables of a kind of file.

    Attributes:
        versions: for each version, the steps (SQL statements or functions) that migrate a file from the one before.
            The first version starts from an empty file. Files that were made before versions were recorded have
            version 0 as well, so the first steps must accept tables that already exist.
        application_id: the number in the header of such files. Files with another number are refused. 0 means none.
    """

    versions: Sequence[Sequence[Step]]
    application_id: int = 0


class UnknownFileError(sqlite3.DatabaseError):
    """The file has a later version or is another kind of database. The file was not changed."""


def open_database(path: Path, schema: Schema, *, busy_seconds: float = BUSY_SECONDS) -> sqlite3.Connection:
    """Open a file, and create or migrate it if necessary. Several processes may do so at once.

    Raises:
        sqlite3.Error: the file cannot be created, used or migrated. An existing file is then unchanged.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path != IN_MEMORY and not path.exists():
            path.touch(mode=_MODE)
    except OSError as error:
        raise sqlite3.OperationalError(error.strerror) from error
    db = sqlite3.connect(path, timeout=busy_seconds, isolation_level=None, check_same_thread=False)
    try:
        _prepare_patiently(db, schema, busy_seconds)
    except BaseException:
        db.close()
        raise
    return db


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """Commit all changes of the block, or none if it fails. The block locks out other writers from its beginning."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:  # SQLite itself ends it if the disk is full
            db.execute("ROLLBACK")
        raise


def migrate(db: sqlite3.Connection, schema: Schema) -> None:
    """Migrate a file to the current version. Either all steps take effect or none. Raises sqlite3.Error."""
    with transaction(db):
        for steps in schema.versions[version_of(db, schema) :]:
            for step in steps:
                if isinstance(step, str):
                    db.execute(step)
                else:
                    step(db)
        db.execute(f"PRAGMA user_version = {len(schema.versions)}")
        if schema.application_id:
            db.execute(f"PRAGMA application_id = {schema.application_id}")


def version_of(db: sqlite3.Connection, schema: Schema) -> int:
    """Return the version of the file.

    Raises:
        UnknownFileError: this program does not know the version or the kind of the file.
        sqlite3.Error: the file cannot be read.
    """
    version, application_id = (
        db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("user_version", "application_id")
    )
    is_new = not version and not db.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
    if schema.application_id != application_id and not (is_new and not application_id):
        raise UnknownFileError("it is another kind of database")
    if version not in range(len(schema.versions) + 1):
        raise UnknownFileError(
            f"its version is {version}, this program knows {len(schema.versions)}: a later release wrote it; "
            "install that one again to go on with the file"
        )
    return int(version)


def reaction_to(error: sqlite3.Error, path: Path, what: str) -> StopProgram | TryLater:
    """Return TryLater for a busy file, a full disk or a failed disk access, and StopProgram for any other error.

    Args:
        error: the error that SQLite raised.
        path: the file.
        what: the name of the content of the file, for the message.
    """
    if _code(error) in _PASSING:
        advice = "" if _code(error) in _BUSY else ". Make room on the disk"
        return TryLater(f"{what} in {path} cannot be used now ({error}){advice}")
    return StopProgram(
        f"{what} in {path} cannot be used ({error}). Give this user the right to write it, set STATE_DIR to "
        "another folder, or move the file away to begin a new one."
    )


def _prepare_patiently(db: sqlite3.Connection, schema: Schema, busy_seconds: float) -> None:
    """Repeat `_prepare` while the file is busy: SQLite itself does not wait while the journal mode is changed."""
    deadline = time.monotonic() + busy_seconds
    while True:
        try:
            _prepare(db, schema)
        except sqlite3.OperationalError as error:
            if _code(error) not in _BUSY or time.monotonic() > deadline:
                raise
            time.sleep(_RETRY_SECONDS)
        else:
            return


def _prepare(db: sqlite3.Connection, schema: Schema) -> None:
    db.execute("BEGIN")  # all reads see one state, even if another process is creating the file
    try:
        version = version_of(db, schema)  # before any change to a file that may not be ours
    finally:
        db.execute("ROLLBACK")
    if db.execute("PRAGMA journal_mode = WAL").fetchone()[0] not in {"wal", "memory"}:
        raise sqlite3.OperationalError("it lies on a file system on which processes cannot share it")
    db.execute("PRAGMA synchronous = NORMAL")
    if version < len(schema.versions):
        migrate(db, schema)


def _code(error: sqlite3.Error) -> int:
    """Return SQLite's primary result code for an error."""
    return int(getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)) & _PRIMARY_CODE
