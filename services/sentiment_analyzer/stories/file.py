"""The SQLite file of the articles of stories. Threads and processes may share it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from services.common.clock import from_ms, to_ms
from services.common.sqlite import open_database, reaction_to, transaction
from services.sentiment_analyzer.stories.match import Telling
from services.sentiment_analyzer.stories.migration import SCHEMA
from services.sentiment_analyzer.stories.port import KEPT, MOST_REMEMBERED, Row, new_row

FILE_NAME = "stories.sqlite"
"""In STATE_DIR."""

_FORGET = "DELETE FROM told WHERE published < (SELECT max(published) FROM told) - ?"
_KEEP = f"INSERT INTO told VALUES ({', '.join('?' * len(Row._fields))})"  # noqa: S608 - no value # nosec B608
_INSERT = """
INSERT INTO told (article_id, story, part, source, published, title, lead, about, owner)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


def after_condition(most: int) -> str:
    """A condition for the last rows after a number: at most `most`."""
    return f"number > max(?, (SELECT max(number) FROM told) - {most})"  # noqa: S608 - our own number # nosec B608


_AFTER = after_condition(MOST_REMEMBERED)


class StoryFile:
    """See `StoryKeeper`. Processes may share the file.

    Args:
        path: the file, made if it is not there.

    Raises:
        StopProgram: the file cannot be used. From `changing`.
        TryLater: other processes kept it busy for long, or the disk is full. From `changing`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None

    @contextmanager
    def changing(self) -> Iterator[None]:
        """One transaction. All other methods are called within one."""
        try:
            db = self._connection = self._connection or self._open()
            with transaction(db):
                yield
        except sqlite3.Error as error:
            raise reaction_to(error, self._path, "the stories") from error

    def telling(self, article_id: str) -> Row | None:
        """The row of an article."""
        return next(self._select("article_id = ?", article_id), None)

    def story(self, story: str) -> dict[str, Row]:
        """The articles of a story without reposts, by id, in the order of arrival."""
        return {row.article_id: row for row in self._select("story = ? AND part <> 'reposted'", story)}

    def story_of(self, article_id: str) -> dict[str, Row]:
        """All articles of an article's story, by id; empty for an unknown article."""
        condition = "story = (SELECT story FROM told WHERE article_id = ?)"
        return {row.article_id: row for row in self._select(condition, article_id)}

    def articles_beginning(self, prefix: str, most: int) -> list[str]:
        """The ids of up to `most` articles that begin with `prefix`, which is not empty."""
        rows = self._db.execute(
            "SELECT article_id FROM told WHERE article_id >= ?1 AND article_id < ?1 || char(1114111) "
            "ORDER BY article_id LIMIT ?2",
            (prefix, most),
        ).fetchall()
        return [article_id for (article_id,) in rows]

    def after(self, number: int) -> list[Row]:
        """The articles after that number; of very many the last."""
        return list(self._select(_AFTER, number))

    def add(self, telling: Telling, story: str, part: str, source: str, owner: str) -> Row:
        """Append an article; returns its row."""
        row = new_row(0, telling, story, part, source=source, owner=owner)
        when = to_ms(row.published)
        values = (row.article_id, story, part, source, when, row.title, row.lead, row.about, owner)
        return row._replace(number=self._db.execute(_INSERT, values).lastrowid or 0)

    def set_part(self, article_id: str, part: str) -> None:
        """Change the part of an article in its story."""
        self._db.execute("UPDATE told SET part = ? WHERE article_id = ?", (part, article_id))

    def set_scored(self, row: Row) -> None:
        """Keep part, signals, turn and stands of `row`."""
        self._db.execute(
            "UPDATE told SET part = ?, signals = ?, turn = ?, stands = ? WHERE article_id = ?",
            (row.part, row.signals, row.turn, row.stands, row.article_id),
        )

    def keep(self, rows: Iterable[Row]) -> None:
        """Insert rows of another file with their numbers, and delete those that are older than `KEPT`."""
        self._db.executemany(_KEEP, [row._replace(published=to_ms(row.published)) for row in rows])  # type: ignore[arg-type]  # as it is stored
        self._db.execute(_FORGET, (KEPT // timedelta(milliseconds=1),))

    def forget_after(self, number: int) -> None:
        """Delete the articles after that number."""
        self._db.execute("DELETE FROM told WHERE number > ?", (number,))

    def close(self) -> None:
        """Close the file. May be called twice."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @property
    def _db(self) -> sqlite3.Connection:
        if self._connection is None:
            raise RuntimeError("within `changing` only")
        return self._connection

    def _select(self, condition: str, value: str | int) -> Iterator[Row]:
        found = self._db.execute(f"SELECT * FROM told WHERE {condition} ORDER BY number", (value,))  # noqa: S608 - our own text # nosec B608
        for row in found.fetchall():
            kept = Row(*row)
            yield kept._replace(published=from_ms(row[5]))

    def _open(self) -> sqlite3.Connection:
        db = open_database(self._path, SCHEMA)
        db.execute(_FORGET, (KEPT // timedelta(milliseconds=1),))
        return db
