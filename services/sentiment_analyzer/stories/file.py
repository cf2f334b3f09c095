"""Stores the articles of stories in an SQLite database, either in memory or in a file that processes may share."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from pathlib import Path

from services.common.clock import from_ms, to_ms
from services.common.sqlite import IN_MEMORY, open_database, reaction_to, transaction
from services.sentiment_analyzer.stories.match import Telling
from services.sentiment_analyzer.stories.migration import SCHEMA
from services.sentiment_analyzer.stories.rows import KEPT, MOST_REMEMBERED, Row, new_row

FILE_NAME = "stories.sqlite"
"""The name of the file in STATE_DIR."""

_FORGET = "DELETE FROM told WHERE published < (SELECT max(published) FROM told) - ?"
_OF_ITS_STORY = "story = (SELECT story FROM told WHERE article_id = ?)"
_INSERT = """
INSERT INTO told (article_id, story, part, source, published, title, lead, about, owner)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


def after_condition(most: int) -> str:
    """Return an SQL condition for the rows after a number, limited to the last `most` rows."""
    return f"number > max(?, (SELECT max(number) FROM told) - {most})"  # noqa: S608 - our own number # nosec B608


_AFTER = after_condition(MOST_REMEMBERED)


class StoryFile:
    """Stores the articles of the last days. One thread at a time may use it; processes may share the file.

    Args:
        path: the file, which is made if it does not exist.

    Raises:
        StopProgram: the file cannot be used. `changing` raises this.
        TryLater: other processes kept the file busy for long, or the disk is full. `changing` raises this.
    """

    def __init__(self, path: Path = IN_MEMORY) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Run a transaction, or join the one that is running. All other methods have to be called in this context."""
        try:
            db = self._connection = self._connection or self._open()
            with nullcontext() if db.in_transaction else transaction(db):
                yield
        except sqlite3.Error as error:
            raise reaction_to(error, self._path, "the stories") from error

    def telling(self, article_id: str) -> Row | None:
        """Return the row of an article; None if the article is unknown."""
        return next(self._select("article_id = ?", article_id), None)

    def story(self, article_id: str) -> dict[str, Row]:
        """Return the articles of an article's story by id, in the order of arrival; empty for an unknown article.

        Reposts are left out, because they are never scored and there may be thousands of them.
        """
        return {
            row.article_id: row for row in self._select(f"{_OF_ITS_STORY} AND part <> 'reposted'", article_id)
        }

    def story_with_reposts(self, article_id: str) -> dict[str, Row]:
        """Return the articles of an article's story as `story` does, but include the reposts."""
        return {row.article_id: row for row in self._select(_OF_ITS_STORY, article_id)}

    def articles_beginning(self, prefix: str, most: int) -> list[str]:
        """Return the ids, at most `most`, of articles that begin with `prefix`, which must not be empty."""
        rows = self._db.execute(
            "SELECT article_id FROM told WHERE article_id >= ?1 AND article_id < ?1 || char(1114111) "
            "ORDER BY article_id LIMIT ?2",
            (prefix, most),
        ).fetchall()
        return [article_id for (article_id,) in rows]

    def after(self, number: int) -> list[Row]:
        """Return the articles after that number, limited to the last `MOST_REMEMBERED` articles."""
        return list(self._select(_AFTER, number))

    def add(self, telling: Telling, story: str, part: str, source: str, owner: str) -> Row:
        """Append an article, and return its row."""
        row = new_row(0, telling, story, part, source=source, owner=owner)
        when = to_ms(row.published)
        values = (row.article_id, story, part, source, when, row.title, row.lead, row.about, owner)
        return row._replace(number=self._db.execute(_INSERT, values).lastrowid or 0)

    def set_part(self, article_id: str, part: str) -> None:
        """Change the part of an article in its story."""
        self._db.execute("UPDATE told SET part = ? WHERE article_id = ?", (part, article_id))

    def set_scored(self, row: Row) -> None:
        """Store the part, signals, turn and stands of `row`."""
        self._db.execute(
            "UPDATE told SET part = ?, signals = ?, turn = ?, stands = ? WHERE article_id = ?",
            (row.part, row.signals, row.turn, row.stands, row.article_id),
        )

    def forget_old(self) -> None:
        """Delete the articles that are older than `KEPT`."""
        self._db.execute(_FORGET, (KEPT // timedelta(milliseconds=1),))

    def last_number(self) -> int:
        """Return the number of the last article; 0 if there is no article."""
        (number,) = self._db.execute("SELECT coalesce(max(number), 0) FROM told").fetchone()
        return int(number)

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
        for number, article_id, story, part, source, published, *rest in found.fetchall():
            yield Row(number, article_id, story, part, source, from_ms(published), *rest)

    def _open(self) -> sqlite3.Connection:
        db = open_database(self._path, SCHEMA)
        db.execute(_FORGET, (KEPT // timedelta(milliseconds=1),))
        return db
