"""Creates, opens, copies and migrates the SQLite file of a news archive, and defines its schema."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from services.common.errors import StopProgram
from services.common.sqlite import Schema, UnknownFileError, migrate, version_of
from services.data_ingestor.news.seen.article_id import article_id, former_id

CACHE_KIB = 4096
"""The size of SQLite's own cache in KiB, which is the same for a small and a large archive."""
_ARTICLES = """
CREATE TABLE articles (
    known_at INTEGER NOT NULL, published INTEGER NOT NULL, article_id TEXT NOT NULL UNIQUE, first_seen INTEGER,
    source TEXT NOT NULL, title TEXT NOT NULL, link TEXT NOT NULL, summary TEXT NOT NULL, content TEXT NOT NULL
) STRICT
"""
_IMPORTS = """
CREATE TABLE imports (
    id INTEGER PRIMARY KEY, sha256 TEXT NOT NULL, options TEXT NOT NULL, rows INTEGER NOT NULL,
    finished INTEGER NOT NULL, report TEXT NOT NULL
) STRICT
"""


def _name_by_source_too(db: sqlite3.Connection) -> None:
    """Migrate article ids: version 1 derived them from the link alone, version 2 derives them from the source too."""
    db.create_function("present_id", 3, present_id, deterministic=True)
    db.execute("UPDATE articles SET article_id = present_id(article_id, link, source)")


SCHEMA = Schema(
    versions=(
        (_ARTICLES, "CREATE INDEX by_availability ON articles (known_at, published, article_id)", _IMPORTS),
        (_name_by_source_too,),
    ),
    application_id=0x43624E41,
)
VERSION = len(SCHEMA.versions)


def create_archive(path: Path) -> None:
    """Create an empty archive at `path`, replacing remains of an interrupted call. Raises StopProgram if it fails."""
    path.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            migrate(db, SCHEMA)
    except sqlite3.Error as error:
        raise unwritable(path, error) from error


def copy_archive(source: sqlite3.Connection, path: Path) -> None:
    """Write a copy to `path`, replacing remains of an interrupted call. Raises StopProgram if that fails."""
    path.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(path)) as target:
            source.backup(target, pages=1024)
    except sqlite3.Error as error:
        raise unwritable(path, error) from error


def unwritable(path: Path, error: sqlite3.Error) -> StopProgram:
    """Return the error for a file that cannot be written."""
    return StopProgram(
        f"{path} cannot be written ({error}); see to the disk's space and rights, then run it again"
    )


def connect(path: Path, *, read_only: bool) -> sqlite3.Connection:
    """Open an existing archive; an archive of an earlier version is migrated first.

    Raises:
        StopProgram: the file is not an archive, is in use, or cannot be migrated.
    """
    db, version = _connect(path, "ro" if read_only else "rw")
    if version == VERSION:
        return db
    db.close()
    _migrate(path)
    return _connect(path, "ro" if read_only else "rw")[0]


def _connect(path: Path, mode: str) -> tuple[sqlite3.Connection, int]:
    """Open an archive and return the connection with the version of the archive."""
    db = sqlite3.connect(f"{path.resolve().as_uri()}?mode={mode}", uri=True, isolation_level=None, timeout=1)
    try:
        version = version_of(db, SCHEMA)
        if not version:
            raise UnknownFileError("it is empty")
        db.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    except sqlite3.DatabaseError as error:
        db.close()
        if "locked" in str(error):
            raise StopProgram(f"{path} is in use; wait for the other import to end") from None
        raise StopProgram(
            f"{path} cannot be used as a news archive ({error}); expected a file that ./cryptoboy history import made"
        ) from None
    return db, version


def _migrate(path: Path) -> None:
    """Migrate an old archive. If two programs do this at once, the second finds nothing left to migrate."""
    db, _ = _connect(path, "rw")
    try:
        with closing(db):
            migrate(db, SCHEMA)
    except sqlite3.Error as error:
        raise StopProgram(
            f"{path} was made by an earlier release and has to be converted once, which does not work ({error}); "
            "make the file and its folder writable, or import the news again into another file"
        ) from error


def present_id(identity: str, link: str, source: str) -> str:
    """Return the current id of an article that had the id `identity` in version 1.

    The id is unchanged if the article has no link to a page.
    """
    return article_id(link, source, "") if former_id(link) else identity
