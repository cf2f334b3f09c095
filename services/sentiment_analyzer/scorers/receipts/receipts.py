"""Receipts of scores, which record the question, the model, its answer and the cost.

Receipts are stored in one SQLite file and never deleted. The key of a receipt is the content, the model with its
digest, and the version of the prompt. So a receipt shows why a signal has its score, and the same content is never
paid for twice.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from services.common.files import check_folder
from services.common.sqlite import Schema, open_database, reaction_to, transaction
from services.common.values import EventType
from services.sentiment_analyzer.article.text import ArticleText
from services.sentiment_analyzer.matching.assets import Asset
from services.sentiment_analyzer.scorers.port import AssetScore, Usage

FILE_NAME = "receipts.sqlite"
"""The name of the file in STATE_DIR."""
_SCHEMA = Schema(
    [
        [
            """
CREATE TABLE IF NOT EXISTS receipts (
    content TEXT NOT NULL, model TEXT NOT NULL, digest TEXT NOT NULL, prompt INTEGER NOT NULL,
    made_at TEXT NOT NULL, scores TEXT NOT NULL, abstained TEXT NOT NULL, usage TEXT NOT NULL,
    PRIMARY KEY (content, model, digest, prompt)
) STRICT, WITHOUT ROWID
""",
            """
CREATE TABLE IF NOT EXISTS articles (
    article_id TEXT NOT NULL, content TEXT NOT NULL, model TEXT NOT NULL, digest TEXT NOT NULL,
    prompt INTEGER NOT NULL, PRIMARY KEY (article_id, content, model, digest, prompt)
) STRICT, WITHOUT ROWID
""",
        ]
    ]
)
_LINK = "INSERT OR IGNORE INTO articles VALUES (?, ?, ?, ?, ?)"


class ReceiptKey(NamedTuple):
    """The facts on which an answer depends. Two questions with the same key are one question to one model.

    Attributes:
        content: the hash of the question, as `content_hash` returns it.
        model: the model of the scorer, as in the signals.
        digest: a further identifier of the model, such as the hash of its weights; may be empty.
        prompt: the version of the prompt.
    """

    content: str
    model: str
    digest: str
    prompt: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """One answer of a scorer.

    Attributes:
        made_at: the time of the answer, in UTC.
        scores: the scores by ticker. If a ticker that was asked for is missing, the scorer abstained on it.
        abstained: the reason why the scorer abstained on all tickers; empty if it did not.
        usage: the answer, tokens and seconds of each language model that was asked.
    """

    key: ReceiptKey
    made_at: datetime
    scores: dict[str, AssetScore]
    abstained: str = ""
    usage: tuple[Usage, ...] = ()


def content_hash(text: ArticleText, assets: Sequence[Asset]) -> str:
    """Return a hash of the text that a scorer sees and of the assets, whatever the order of the assets."""
    asked = [text.title, text.body, sorted((asset.ticker, asset.name) for asset in assets)]
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()


class Receipts:
    """The store of receipts. Threads and processes may share it; a receipt is on the disk when `put` returns.

    Raises:
        StopProgram: the file cannot be used, because rights are missing or it is no store of receipts. Any method
            raises this.
        TryLater: other processes kept the file busy for long, or the disk is full. Any method raises this.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db: sqlite3.Connection | None = None
        self._lock = threading.Lock()

    def check(self) -> None:
        """Open the file, and check that the disk has room for more receipts."""
        check_folder(self._path.parent)
        self.of_article("")  # a read by the index: counting all would take longer with each receipt

    def get(self, key: ReceiptKey) -> Receipt | None:
        """Return the receipt with that key, if there is one."""
        with self._connection() as connection:
            row = connection.execute(
                "SELECT content, model, digest, prompt, made_at, scores, abstained, usage FROM receipts "
                "WHERE content = ? AND model = ? AND digest = ? AND prompt = ?",
                key,
            ).fetchone()
        return _receipt(row) if row else None

    def put(self, receipt: Receipt, article_id: str = "") -> None:
        """Store a receipt and link it to the article.

        If there is an earlier receipt with the same key, that receipt is kept and linked instead, because the program
        has acted on it.
        """
        fields = (
            *receipt.key,
            receipt.made_at.isoformat(),
            json.dumps({ticker: asdict(score) for ticker, score in receipt.scores.items()}),
            receipt.abstained,
            json.dumps([asdict(usage) for usage in receipt.usage]),
        )
        with self._connection() as connection, transaction(connection):
            connection.execute("INSERT OR IGNORE INTO receipts VALUES (?, ?, ?, ?, ?, ?, ?, ?)", fields)
            if article_id:
                connection.execute(_LINK, (article_id, *receipt.key))

    def link(self, article_id: str, key: ReceiptKey) -> None:
        """Record that the article has the scores of that receipt. Recording this again changes nothing."""
        with self._connection() as connection:
            connection.execute(_LINK, (article_id, *key))

    def of_article(self, article_id: str) -> list[Receipt]:
        """Return the receipts that were linked to an article, the oldest first."""
        with self._connection() as connection:
            rows = connection.execute(
                "SELECT content, model, digest, prompt, made_at, scores, abstained, usage FROM articles "
                "JOIN receipts USING (content, model, digest, prompt) WHERE article_id = ? ORDER BY made_at",
                (article_id,),
            ).fetchall()
        return [_receipt(row) for row in rows]

    def articles_beginning(self, prefix: str, most: int) -> list[str]:
        """Return the ids, at most `most`, of scored articles that begin with `prefix`, which must not be empty."""
        with self._connection() as connection:
            rows = connection.execute(
                "SELECT DISTINCT article_id FROM articles WHERE article_id >= ?1 AND article_id < ?1 || char(1114111) "
                "ORDER BY article_id LIMIT ?2",
                (prefix, most),
            ).fetchall()
        return [article_id for (article_id,) in rows]

    def count(self) -> int:
        """Return the number of receipts."""
        with self._connection() as connection:
            return int(connection.execute("SELECT count(*) FROM receipts").fetchone()[0])

    def close(self) -> None:
        """Close the file. May be called twice; a call of another method opens it again."""
        with self._lock:
            if self._db is not None:
                self._db.close()
                self._db = None

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """Give access to the connection to one thread at a time, and convert SQLite's errors by `reaction_to`."""
        with self._lock:
            try:
                self._db = self._db or open_database(self._path, _SCHEMA)
                yield self._db
            except sqlite3.Error as error:
                raise reaction_to(error, self._path, "the receipts") from error


def _receipt(row: Sequence[Any]) -> Receipt:
    *key, made_at, scores, abstained, usage = row
    return Receipt(
        key=ReceiptKey(*key),
        made_at=datetime.fromisoformat(made_at),
        scores={ticker: _score(fields) for ticker, fields in json.loads(scores).items()},
        abstained=abstained,
        usage=tuple(Usage(**fields) for fields in json.loads(usage)),
    )


def _score(fields: dict[str, Any]) -> AssetScore:
    kind = fields["event_type"]
    known = EventType(kind) if kind in frozenset(EventType) else EventType.OTHER  # a newer version's kind
    return AssetScore(**{**fields, "event_type": known})
