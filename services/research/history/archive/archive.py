"""The news archive: one SQLite file of articles without repetitions, read in the order of availability.

An import writes to a partial file that replaces the archive when the import is complete, so an archive is always
complete. The number of imported rows is written in the same transaction as the rows, so an interrupted import resumes
after these rows.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from services.common.errors import StopProgram
from services.research.history.archive.articles import Article
from services.research.history.archive.file import VERSION, connect, copy_archive, unwritable
from services.research.history.archive.recurrences import by_day
from services.research.history.archive.times import from_microseconds, to_microseconds

# The version of an article that was known first stays, because readers could only see that one at the time.
_INSERT = """
INSERT INTO articles VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (article_id) DO UPDATE SET
    known_at = excluded.known_at, published = excluded.published, first_seen = excluded.first_seen,
    source = excluded.source, title = excluded.title, link = excluded.link, summary = excluded.summary,
    content = excluded.content
WHERE excluded.known_at < articles.known_at
"""
_COLUMNS = ", ".join(Article._fields)


class Import(NamedTuple):
    """A finished or unfinished import of a file: its hash, options, number of rows and report."""

    sha256: str
    options: str
    rows: int
    finished: bool
    report: dict[str, Any]


class Added(NamedTuple):
    """The numbers of new articles, of duplicates, and of earlier versions that replaced a stored article."""

    new: int
    duplicates: int
    replaced: int


class Position(NamedTuple):
    """A position directly after one article in the order of availability. Times are microseconds since 1970."""

    known_at: int
    published: int
    article_id: str


BEGINNING = Position(-1, -1, "")


class Archive:
    """An open archive. Use it from one thread only, and close it."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a finished archive to read it.

        Raises:
            StopProgram: the file does not exist, or is not an archive of this kind.
        """
        if path.is_dir():
            raise StopProgram(f"{path} is a directory; expected the name of an archive, one file")
        if not path.is_file():
            hint = ""
            if partial_path(path).exists():
                hint = (
                    f"; {partial_path(path).name} is an import that was interrupted: run it again to finish"
                )
            raise StopProgram(f"{path} is not there; make it with ./cryptoboy history import{hint}")
        return cls(path, connect(path, read_only=True))

    @classmethod
    def edit(cls, path: Path) -> Self:
        """Open an archive to add articles, and lock other processes out. Raises StopProgram if that fails."""
        connection = connect(path, read_only=False)
        try:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            connection.close()
            raise StopProgram(f"{path} is in use ({error}); wait for the other import to end") from None
        return cls(path, connection)

    def copy_to(self, path: Path) -> None:
        """Write a copy of the archive to `path`, replacing any remains of an interrupted call."""
        copy_archive(self._connection, path)

    def imports(self) -> list[Import]:
        """Return all imports in the order in which they were made."""
        found = self._connection.execute(
            "SELECT sha256, options, rows, finished, report FROM imports ORDER BY id"
        )
        return [Import(s, o, rows, bool(done), json.loads(report)) for s, o, rows, done, report in found]

    def add(self, articles: Sequence[Article], progress: Import) -> Added:
        """Add articles and the progress of the import in one transaction. Raises StopProgram if that fails."""
        try:
            return self._add(articles, progress)
        except sqlite3.Error as error:
            raise unwritable(self.path, error) from error

    def _add(self, articles: Sequence[Article], progress: Import) -> Added:
        execute = self._connection.execute
        execute("BEGIN IMMEDIATE")
        try:
            before = self.count()
            rows = [_as_row(article) for article in by_day(articles, self._day_of)]
            changed = self._connection.executemany(_INSERT, rows).rowcount if rows else 0
            new = self.count() - before
            added = Added(new, len(articles) - changed, changed - new)
            self._note(progress, added)
            execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:  # SQLite ends the transaction by itself if the disk is full
                execute("ROLLBACK")
            raise
        return added

    def _day_of(self, article_id: str) -> date | None:
        found = self._connection.execute("SELECT published FROM articles WHERE article_id = ?", (article_id,))
        row = found.fetchone()
        return None if row is None else from_microseconds(row[0]).date()

    def _note(self, progress: Import, added: Added) -> None:
        report = dict(progress.report)
        for name, count in added._asdict().items():
            report[name] = report.get(name, 0) + count
        last = self.imports()[-1:]
        if last and not last[0].finished:
            self._connection.execute(
                "UPDATE imports SET rows = ?, finished = ?, report = ? WHERE id = (SELECT max(id) FROM imports)",
                (progress.rows, progress.finished, json.dumps(report)),
            )
        else:
            self._connection.execute(
                "INSERT INTO imports (sha256, options, rows, finished, report) VALUES (?, ?, ?, ?, ?)",
                (progress.sha256, progress.options, progress.rows, progress.finished, json.dumps(report)),
            )

    def count(self) -> int:
        """Return the number of articles. Articles are never removed, so this is also the last article's number."""
        return int(self._connection.execute("SELECT ifnull(max(rowid), 0) FROM articles").fetchone()[0])

    def span(self) -> tuple[datetime, datetime] | None:
        """Return the times at which the first and the last article became known; None for an empty archive."""
        first, last = self._connection.execute("SELECT min(known_at), max(known_at) FROM articles").fetchone()
        return None if first is None else (from_microseconds(first), from_microseconds(last))

    def identity(self) -> str:
        """Return a hash that changes if something is imported or if the articles get other ids."""
        done = [(each.sha256, each.options, each.rows) for each in self.imports()]
        return hashlib.sha256(json.dumps([VERSION, done, self.count()]).encode()).hexdigest()

    def articles(self, after: Position = BEGINNING, until: datetime | None = None) -> Iterator[Article]:
        """Yield the articles known before `until` after a position, ordered by known_at, published, article_id.

        Raises:
            StopProgram: the file is damaged.
        """
        end = to_microseconds(until) if until is not None else 1 << 62
        rows = self._connection.execute(
            f"SELECT {_COLUMNS} FROM articles INDEXED BY by_availability "  # noqa: S608 - our own column names # nosec B608
            "WHERE (known_at, published, article_id) > (?, ?, ?) AND known_at < ? "
            "ORDER BY known_at, published, article_id",
            (*after, end),
        )
        try:
            yield from map(_from_row, rows)
        except sqlite3.Error as error:
            raise StopProgram(f"{self.path} cannot be read ({error}); import the news again") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()


def partial_path(path: Path) -> Path:
    """Return the path of the partial file of an output."""
    return path.with_name(path.name + ".partial")


def position_of(article: Article) -> Position:
    """Return the article's position in the order of availability."""
    return Position(to_microseconds(article.known_at), to_microseconds(article.published), article.article_id)


def _as_row(article: Article) -> tuple[object, ...]:
    first_seen = None if article.first_seen is None else to_microseconds(article.first_seen)
    known_at, published = to_microseconds(article.known_at), to_microseconds(article.published)
    return (known_at, published, article.article_id, first_seen, *article[4:])


def _from_row(row: Sequence[Any]) -> Article:
    known_at, published, identity, first_seen, *texts = row
    return Article(
        from_microseconds(known_at),
        from_microseconds(published),
        identity,
        None if first_seen is None else from_microseconds(first_seen),
        *texts,
    )
