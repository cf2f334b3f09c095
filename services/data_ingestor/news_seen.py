"""What the poller must not forget: which articles it has seen, and which still wait for the broker.

An article is written here before anything is sent, and counts as seen only when the broker has confirmed it. A
crash at any point therefore means that an article is sent again with the same id, never that it is lost.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from services.common.clock import to_ms
from services.common.errors import StopProgram, TryLater
from services.common.health import DependencyHealth
from services.common.messages import NewsArticle
from services.data_ingestor.news_seen_file import open_seen

MAX_WAITING = 10_000
"""Articles that may wait for the broker; beyond it nothing more is fetched."""

BUSY_TIMEOUT_SECONDS = 5.0
_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class WaitingArticle:
    """An article that the broker has not confirmed; `body` is the encoded message."""

    article_id: str
    source: str
    body: bytes


class SeenArticles:
    """The record, in one SQLite file. Every method may be called from any thread.

    Every method but `close` raises TryLater where the file cannot be read or written at the moment.

    Raises:
        StopProgram: the file or its folder cannot be used at all.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        try:
            self._db = open_seen(path, BUSY_TIMEOUT_SECONDS)
        except (OSError, sqlite3.Error) as error:
            raise StopProgram(
                f"{path}, where the news poller notes what it has seen, cannot be used ({error}). Make it and its "
                "folder writable (STATE_DIR), or move a damaged file away: then recent articles are published again."
            ) from error
        self._waiting = self._count_waiting()
        self._error = ""

    def _count_waiting(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM articles WHERE body IS NOT NULL").fetchone()[0])

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                try:
                    yield self._db
                except BaseException:
                    self._db.execute("ROLLBACK")
                    raise
                self._db.execute("COMMIT")
                self._waiting = self._count_waiting()
                self._error = ""
            except sqlite3.Error as error:
                self._error = str(error)
                raise TryLater(f"{self.path} cannot be used at the moment: {error}") from error

    @property
    def waiting_count(self) -> int:
        """How many articles wait for the broker, as of the last change."""
        return self._waiting

    def health(self) -> DependencyHealth:
        """Whether the file could be used the last time."""
        return DependencyHealth(ok=not self._error, detail=self._error or str(self.path))

    def known(
        self, ids: Sequence[str], now: datetime, former: Mapping[str, str] = _NONE, source: str = ""
    ) -> frozenset[str]:
        """Those of `ids` that are here already, seen or waiting; notes that they are listed still.

        Args:
            ids: of articles that a feed lists.
            now: when it does.
            former: by their ids, the ids under which an earlier release may have noted them.
            source: whose articles they are. What is noted under a former id is known if it was his, and has its
                present id from now on, unless it waits: then the message that is to be published has the former one.
        """
        listed = "UPDATE articles SET listed_ms = ? WHERE article_id = ?"
        listed_formerly = (
            "UPDATE articles SET listed_ms = ?, article_id = iif(body IS NULL, ?, article_id) "
            "WHERE article_id = ? AND source = ? COLLATE NOCASE"
        )
        with self._transaction() as db:
            found = [
                identity
                for identity in ids
                if db.execute(listed, (to_ms(now), identity)).rowcount
                or db.execute(listed_formerly, (to_ms(now), identity, former.get(identity), source)).rowcount
            ]
        return frozenset(found)

    def last_listed(self, source: str) -> datetime | None:
        """When the source last listed something that is recorded here; None if nothing of it is."""
        with self._transaction() as db:
            query = "SELECT max(listed_ms) FROM articles WHERE source = ?"
            (latest,) = db.execute(query, (source,)).fetchone()
        return None if latest is None else datetime.fromtimestamp(latest / 1000, UTC)

    def note(
        self, articles: Sequence[NewsArticle], dismissed: Sequence[str], source: str, now: datetime
    ) -> int:
        """Write articles that wait for the broker, and ids not to be looked at again; all or none.

        Returns how many articles are new: what has been noted before is left as it is.

        Raises:
            TryLater: as said above, or too many wait already.
        """
        if articles and self._waiting + len(articles) > MAX_WAITING:
            raise TryLater(f"{self._waiting} articles already wait for the broker")
        add = (
            "INSERT OR IGNORE INTO articles (article_id, source, listed_ms, body, published_ms) "
            "VALUES (?, ?, ?, ?, ?)"
        )
        with self._transaction() as db:
            new = sum(
                db.execute(
                    add, (article.article_id, source, to_ms(now), article.encode(), to_ms(article.published))
                ).rowcount
                for article in articles
            )
            db.executemany(add, [(identity, source, to_ms(now), None, None) for identity in dismissed])
        return new

    def waiting(self, limit: int) -> list[WaitingArticle]:
        """The first articles that wait for the broker, in the order in which they were noted."""
        with self._transaction() as db:
            rows = db.execute(
                "SELECT article_id, source, body FROM articles WHERE body IS NOT NULL ORDER BY rowid LIMIT ?",
                (limit,),
            ).fetchall()
        return [WaitingArticle(*row) for row in rows]

    def confirm(self, ids: Sequence[str]) -> None:
        """From now on these articles count as seen."""
        with self._transaction() as db:
            db.executemany("UPDATE articles SET body = NULL WHERE article_id = ?", [(one,) for one in ids])

    def purge(self, listed_before: datetime) -> int:
        """Forget what no feed has listed since then and does not wait; returns how many."""
        with self._transaction() as db:
            return db.execute(
                "DELETE FROM articles WHERE listed_ms < ? AND body IS NULL", (to_ms(listed_before),)
            ).rowcount

    def close(self) -> None:
        """Close the file. May be called twice."""
        with self._lock:
            self._db.close()
