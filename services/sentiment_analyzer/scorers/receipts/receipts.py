"""Receipts of scores: what which model was asked, what it answered, and what that cost.

A receipt is kept in one SQLite file for ever, under the content, the model with its digest, and the version of the
prompt. So it shows why a signal says what it says, and the same content is never paid for twice.
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
"""In STATE_DIR."""
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
    """What an answer depends on: two questions with the same key are the same question to the same model.

    Attributes:
        content: hash of what was asked, as from `content_hash`.
        model: the scorer's model, as in the signals.
        digest: what else identifies the model, such as the hash of its weights; may be empty.
        prompt: version of the prompt.
    """

    content: str
    model: str
    digest: str
    prompt: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """One answer of a scorer.

    Attributes:
        made_at: when the answer was given, in UTC.
        scores: by ticker; a ticker that was asked for and is not there is one it abstained on.
        abstained: why it abstained on all of them; empty where it did not.
        usage: of each language model that was asked: its answer, tokens, seconds.
    """

    key: ReceiptKey
    made_at: datetime
    scores: dict[str, AssetScore]
    abstained: str = ""
    usage: tuple[Usage, ...] = ()


def content_hash(text: ArticleText, assets: Sequence[Asset]) -> str:
    """Identifies what a scorer is asked: the text that it sees and the assets, in whatever order."""
    asked = [text.title, text.body, sorted((asset.ticker, asset.name) for asset in assets)]
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()


class Receipts:
    """The store of receipts. Threads and processes may share it; a receipt is on the disk when `put` returns.

    Raises:
        StopProgram: the file cannot be used: no right, not a store of receipts. From any method.
        TryLater: other processes kept it busy for long, or the disk is full. From any method.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db: sqlite3.Connection | None = None
        self._lock = threading.Lock()

    def check(self) -> None:
        """Open the file, and make sure that its disk has room for a little more."""
        check_folder(self._path.parent)
        self.count()

    def get(self, key: ReceiptKey) -> Receipt | None:
        """The receipt under that key."""
        with self._connection() as connection:
            row = connection.execute(
                "SELECT content, model, digest, prompt, made_at, scores, abstained, usage FROM receipts "
                "WHERE content = ? AND model = ? AND digest = ? AND prompt = ?",
                key,
            ).fetchone()
        return _receipt(row) if row else None

    def put(self, receipt: Receipt, article_id: str = "") -> None:
        """Store a receipt and link it to the article. An earlier one of the same key is kept: it was acted on."""
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
        """Note that the article was scored by that receipt; noting it again changes nothing."""
        with self._connection() as connection:
            connection.execute(_LINK, (article_id, *key))

    def of_article(self, article_id: str) -> list[Receipt]:
        """The receipts that were linked to an article, oldest first."""
        with self._connection() as connection:
            rows = connection.execute(
                "SELECT content, model, digest, prompt, made_at, scores, abstained, usage FROM articles "
                "JOIN receipts USING (content, model, digest, prompt) WHERE article_id = ? ORDER BY made_at",
                (article_id,),
            ).fetchall()
        return [_receipt(row) for row in rows]

    def articles_beginning(self, prefix: str, most: int) -> list[str]:
        """The ids of up to `most` scored articles that begin with `prefix`, which is not empty."""
        with self._connection() as connection:
            rows = connection.execute(
                "SELECT DISTINCT article_id FROM articles WHERE article_id >= ?1 AND article_id < ?1 || char(1114111) "
                "ORDER BY article_id LIMIT ?2",
                (prefix, most),
            ).fetchall()
        return [article_id for (article_id,) in rows]

    def count(self) -> int:
        """How many receipts there are."""
        with self._connection() as connection:
            return int(connection.execute("SELECT count(*) FROM receipts").fetchone()[0])

    def close(self) -> None:
        """Close the file. May be called twice; another call opens it again."""
        with self._lock:
            if self._db is not None:
                self._db.close()
                self._db = None

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """The connection, for one thread at a time, with errors turned into the reaction to them."""
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
    return AssetScore(**{**fields, "event_type": EventType(fields["event_type"])})
