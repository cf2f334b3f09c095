"""The SQLite file of the articles that the poller has seen: its schema, creation, migration and integrity check.

In version 1 the id of an article was computed from its link alone, whichever source listed it. The rows of version 1
keep their ids and the source that first listed the article, and count for that source only (see
`SeenArticles.known`). Therefore seen articles stay seen, and the listing of one source no longer hides another
source's article.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from services.common.clock import to_ms
from services.common.errors import NeverWorks
from services.common.messages import NewsArticle, decode
from services.common.sqlite import Schema, open_database

_VERSION_1 = (
    """
CREATE TABLE IF NOT EXISTS articles (
    article_id TEXT PRIMARY KEY,
    source TEXT NOT NULL,
    listed_ms INTEGER NOT NULL,  -- when a feed last listed it
    body BLOB                    -- the message, while it waits for the broker
)
""",
)


def _add_times_of_publication(db: sqlite3.Connection) -> None:
    db.create_function("published_ms_of", 2, _published_ms)
    db.execute("UPDATE articles SET published_ms = published_ms_of(body, listed_ms) WHERE body IS NOT NULL")


_VERSION_2 = (
    "ALTER TABLE articles ADD COLUMN published_ms INTEGER",  # of an article that waits
    _add_times_of_publication,
    "DROP INDEX IF EXISTS waiting",
    "CREATE INDEX waiting_by_source ON articles (source, published_ms) WHERE body IS NOT NULL",
)
_VERSION_3 = (
    """
CREATE TABLE IF NOT EXISTS allowances (
    owner TEXT PRIMARY KEY,
    articles_left REAL NOT NULL, -- of NEWS_SOURCE_QUOTA, at that time
    at_ms INTEGER NOT NULL
)
""",
)
_SCHEMA = Schema((_VERSION_1, _VERSION_2, _VERSION_3))


def open_seen(path: Path, busy_seconds: float) -> sqlite3.Connection:
    """Open the file; it is created or migrated if necessary, see `open_database`.

    Raises:
        sqlite3.Error: the file cannot be used, for example because it is damaged.
    """
    db = open_database(path, _SCHEMA, busy_seconds=busy_seconds)
    damage = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    if damage != "ok":
        db.close()
        raise sqlite3.DatabaseError(str(damage))
    return db


def forget(connection: sqlite3.Connection, listed_before_ms: int, most_of_a_source: int) -> int:
    """Delete articles that do not wait for the broker; return how many were deleted. See `SeenArticles.purge`."""
    forgotten = connection.execute(
        "DELETE FROM articles WHERE listed_ms < ? AND body IS NULL", (listed_before_ms,)
    ).rowcount
    many = connection.execute(
        "SELECT source FROM articles WHERE body IS NULL GROUP BY source HAVING count(*) > ?",
        (most_of_a_source,),
    )
    for (source,) in many.fetchall():
        forgotten += connection.execute(
            "DELETE FROM articles WHERE rowid IN (SELECT rowid FROM articles WHERE source = ? AND body IS NULL "
            "ORDER BY listed_ms DESC, rowid DESC LIMIT -1 OFFSET ?)",
            (source, most_of_a_source),
        ).rowcount
    return forgotten


def _published_ms(body: bytes, listed_ms: int) -> int:
    """Return the publication time of a waiting article, or `listed_ms` if its message cannot be decoded."""
    try:
        return to_ms(decode(body, NewsArticle).published)
    except NeverWorks:
        return listed_ms
