"""The SQLite file of what the poller has seen: its schema, and how it is made, converted and refused.

Version 1 named an article by its link alone, whoever listed it. Its rows stay under those ids, each with the source
that listed it first, and count for that source only (see `SeenArticles.known`): what was seen stays seen, and what one
source listed no longer stands in another's way.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from services.common.clock import to_ms
from services.common.errors import NeverWorks
from services.common.messages import NewsArticle, decode

VERSION = 2
_SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS articles (
    article_id TEXT PRIMARY KEY,
    source TEXT NOT NULL,
    listed_ms INTEGER NOT NULL,  -- when a feed last listed it
    body BLOB,                   -- the message, while it waits for the broker
    published_ms INTEGER         -- of one that waits
);
CREATE TABLE IF NOT EXISTS allowances (
    owner TEXT PRIMARY KEY,
    articles_left REAL NOT NULL, -- of NEWS_SOURCE_QUOTA, at that time
    at_ms INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS waiting_by_source ON articles (source, published_ms) WHERE body IS NOT NULL;
PRAGMA user_version = {VERSION};
COMMIT;
"""
_FROM_VERSION_1 = """
BEGIN IMMEDIATE;
ALTER TABLE articles ADD COLUMN published_ms INTEGER;
UPDATE articles SET published_ms = published_ms_of(body, listed_ms) WHERE body IS NOT NULL;
DROP INDEX IF EXISTS waiting;
PRAGMA user_version = 2;
COMMIT;
"""


def open_seen(path: Path, busy_timeout_seconds: float) -> sqlite3.Connection:
    """Open the file, made or converted where that is due. Any thread may use the connection, one at a time.

    Raises:
        OSError, sqlite3.Error: it cannot be used; a file of a later version, or a damaged one, included.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, busy_timeout_seconds, isolation_level=None, check_same_thread=False)
    try:
        _prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version not in range(VERSION + 1):
        raise sqlite3.DatabaseError(
            f"its version is {version}, this program knows {VERSION}: a later release wrote it; "
            "install that one again to go on with the file"
        )
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    if version == 1:
        connection.create_function("published_ms_of", 2, _published_ms)
        connection.executescript(_FROM_VERSION_1)
    connection.executescript(_SCHEMA)
    damage = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if damage != "ok":
        raise sqlite3.DatabaseError(str(damage))


def forget(connection: sqlite3.Connection, listed_before_ms: int, most_of_a_source: int) -> int:
    """Delete articles that do not wait; see `SeenArticles.purge`. Returns how many."""
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
    """When a waiting article was published; one that cannot be read counts as published when it was listed."""
    try:
        return to_ms(decode(body, NewsArticle).published)
    except NeverWorks:
        return listed_ms
