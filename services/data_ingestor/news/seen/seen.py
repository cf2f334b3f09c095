"""The poller's record of the articles that it has seen and of those that still wait for the broker.

An article is recorded before it is published, and counts as seen only when the broker has confirmed it. After a crash
at any point an article is published again with the same id, and no article is lost.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from services.common.clock import to_ms
from services.common.errors import TryLater
from services.common.messages import NewsArticle
from services.common.runtime.health import DependencyHealth
from services.common.sqlite import reaction_to, transaction
from services.data_ingestor.news.seen.file import forget, open_seen
from services.data_ingestor.news.seen.owners import Owners
from services.data_ingestor.news.turns.quota import Allowance

MAX_WAITING = 10_000
"""The maximum number of articles that wait for the broker, in equal shares for all owners. While an owner's share is
used up, no further article of that owner is recorded."""

MOST_SEEN = 20_000
"""The maximum number of seen articles of a source that are kept, ten times a feed's maximum, to save disk space."""
BUSY_TIMEOUT_SECONDS = 5.0
_NONE: Mapping[str, str] = MappingProxyType({})
_NO_ALLOWANCES: Mapping[str, Allowance] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class WaitingArticle:
    """An article that the broker has not confirmed; `body` is the encoded message."""

    article_id: str
    source: str
    body: bytes


class SeenArticles:
    """The record of articles, in one SQLite file. Every method may be called from any thread.

    Every method but `close` raises TryLater if the file cannot be read or written at the moment. If the file is lost,
    recent articles are published again.

    Args:
        path: the path of the file.
        owners: the owners of sources, as for `Owners`.

    Raises:
        StopProgram: the file or its folder cannot be used at all.
    """

    def __init__(self, path: Path, owners: Mapping[str, str] = _NONE) -> None:
        self.path = path
        self.owners = Owners(owners)
        self._lock = threading.Lock()
        try:
            self._db = open_seen(path, BUSY_TIMEOUT_SECONDS)
        except sqlite3.Error as error:
            raise reaction_to(error, path, "what the news poller has seen") from error
        self._waiting = self._count_waiting()
        self._error = ""

    def _count_waiting(self) -> Counter[str]:
        rows = self._db.execute(
            "SELECT source, count(*) FROM articles WHERE body IS NOT NULL GROUP BY source"
        )
        return Counter(dict(rows.fetchall()))

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                changes = self._db.total_changes
                with transaction(self._db):
                    yield self._db
                if self._db.total_changes != changes:
                    self._waiting = self._count_waiting()
                self._error = ""
            except sqlite3.Error as error:
                self._error = str(error)
                raise TryLater(f"{self.path} cannot be used at the moment: {error}") from error

    @property
    def waiting_count(self) -> int:
        """The number of articles that wait for the broker, as of the last change."""
        return self._waiting.total()

    @property
    def waiting_by_source(self) -> Counter[str]:
        """The number of articles that wait for the broker, by source, as of the last change."""
        return self._waiting

    def room(self, source: str) -> int:
        """Return the number of further articles of a source that may wait now."""
        owner, waiting = self.owners.of(source), self._waiting
        mine = sum(waiting[each] for each in waiting if self.owners.of(each) == owner)
        return max(self.owners.part_of(MAX_WAITING) - mine, 0)

    def health(self) -> DependencyHealth:
        """Return whether the last access to the file succeeded."""
        return DependencyHealth(ok=not self._error, detail=self._error or str(self.path))

    def known(
        self, ids: Sequence[str], now: datetime, former: Mapping[str, str] = _NONE, source: str = ""
    ) -> frozenset[str]:
        """Return those of `ids` that are recorded, as seen or waiting, and record that these are still listed.

        Args:
            ids: the ids of articles that a feed lists.
            now: the time of the listing.
            former: by id, the id under which an earlier release may have recorded the article.
            source: the source of the articles. A former id counts as known only if it was recorded for this source.
                The former id is replaced by the present id unless the article still waits, because the message of a
                waiting article contains the former id.
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
        """Return when the source last listed a recorded article; None if the source has no record."""
        with self._transaction() as db:
            query = "SELECT max(listed_ms) FROM articles WHERE source = ?"
            (latest,) = db.execute(query, (source,)).fetchone()
        return None if latest is None else datetime.fromtimestamp(latest / 1000, UTC)

    def note(
        self, articles: Sequence[NewsArticle], dismissed: Sequence[str], source: str, now: datetime
    ) -> int:
        """Record articles that wait for the broker, and ids of dismissed entries. Either all or none are recorded.

        Existing records are not changed. Returns the number of new articles.

        Raises:
            TryLater: the file cannot be used now, or there is no room for so many articles.
        """
        if len(articles) > self.room(source):
            raise TryLater(
                f"{self._waiting[source]} articles already wait for the broker, the most that are allowed"
            )
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

    def newest(self, owner: str, most: int) -> list[str]:
        """Return the ids of an owner's newest articles that wait for the broker, in the order of recording."""
        if most <= 0:
            return []
        sources = [each for each in self._waiting if self.owners.of(each) == owner]
        with self._transaction() as db:
            rows = db.execute(
                "SELECT article_id FROM (SELECT article_id, rowid AS number FROM articles "
                "WHERE body IS NOT NULL AND source IN (SELECT value FROM json_each(?)) "
                "ORDER BY published_ms DESC, rowid LIMIT ?) ORDER BY number",
                (json.dumps(sources), most),
            ).fetchall()
        return [identity for (identity,) in rows]

    def articles(self, ids: Sequence[str]) -> list[WaitingArticle]:
        """Return the articles with these ids that wait for the broker, in the order of `ids`."""
        select = "SELECT article_id, source, body FROM articles WHERE article_id = ? AND body IS NOT NULL"
        with self._transaction() as db:
            rows = [db.execute(select, (one,)).fetchone() for one in ids]
        return [WaitingArticle(*row) for row in rows if row]

    def waiting(self, limit: int) -> list[WaitingArticle]:
        """Return the first articles that wait for the broker, in the order in which they were recorded."""
        with self._transaction() as db:
            rows = db.execute(
                "SELECT article_id, source, body FROM articles WHERE body IS NOT NULL ORDER BY rowid LIMIT ?",
                (limit,),
            ).fetchall()
        return [WaitingArticle(*row) for row in rows]

    def confirm(self, ids: Sequence[str], left: Mapping[str, Allowance] = _NO_ALLOWANCES) -> None:
        """Record that these articles were published, and `left`, the remaining quotas of their owners."""
        with self._transaction() as db:
            db.executemany("UPDATE articles SET body = NULL WHERE article_id = ?", [(one,) for one in ids])
            db.executemany(
                "INSERT OR REPLACE INTO allowances (owner, articles_left, at_ms) VALUES (?, ?, ?)",
                [(owner, *allowance) for owner, allowance in left.items()],
            )

    def allowances(self) -> dict[str, Allowance]:
        """Return the quota that each owner had left when the owner last published."""
        with self._transaction() as db:
            rows = db.execute("SELECT owner, articles_left, at_ms FROM allowances").fetchall()
        return {owner: Allowance(left, at_ms) for owner, left, at_ms in rows}

    def expire(self, published_before: datetime) -> Counter[str]:
        """Drop waiting articles published before that time, which then count as seen; return how many by source."""
        old = "body IS NOT NULL AND published_ms < ?"
        with self._transaction() as db:
            rows = db.execute(
                f"SELECT source, count(*) FROM articles WHERE {old} GROUP BY source",  # noqa: S608 - no input in it # nosec B608
                (to_ms(published_before),),
            ).fetchall()
            if rows:
                db.execute(
                    f"UPDATE articles SET body = NULL WHERE {old}",  # noqa: S608 - no input in it # nosec B608
                    (to_ms(published_before),),
                )
        return Counter(dict(rows))

    def purge(self, listed_before: datetime) -> int:
        """Delete articles that do not wait and that no feed has listed since that time; return how many were deleted.

        Of each source at most MOST_SEEN articles are kept, namely those that it listed most recently.
        """
        with self._transaction() as db:
            return forget(db, to_ms(listed_before), MOST_SEEN)

    def close(self) -> None:
        """Close the file. May be called twice."""
        with self._lock:
            self._db.close()
