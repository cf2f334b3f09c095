"""The case that measures the path from history_queue to the history."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from contextlib import closing
from datetime import datetime
from itertools import count as numbers
from pathlib import Path
from typing import Any

from pika.adapters.blocking_connection import BlockingChannel
from pika.spec import Basic, BasicProperties

from devtools.bench.lab import Lab
from devtools.bench.results import Rows, at_least, compare
from devtools.bench.samples import article
from devtools.bench.servers import bare_connection
from devtools.servers.control import RabbitServer
from services.common.broker.port import OutgoingMessage
from services.common.broker.rabbitmq.broker import RabbitMqBroker
from services.common.broker.topology import HISTORY
from services.common.clock import SystemClock
from services.common.errors import TryLater
from services.common.history.open import open_reader
from services.common.history.port import Batch, Written
from services.common.history.sql.engine import writable
from services.common.history.sql.writer import SqlWriter
from services.common.history.writing import open_history
from services.common.settings.history import FILE_NAME
from services.common.store.redis.store import RedisStore
from services.history_recorder.recorder import BATCH_SIZE, PREFETCH, HistoryRecorder

ARTICLES = 10_000
_TEXTS = ("article_id", "source", "owner", "title", "link", "summary", "content")
_ARTICLE = (
    f"INSERT OR IGNORE INTO articles ({', '.join(_TEXTS)}, published, fetched, weight, hidden_text, recorded) "  # noqa: S608 - our own names # nosec B608
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_EVENT = "INSERT INTO events (kind, key, pair, source, at, row) VALUES ('article', ?, '', ?, ?, ?)"


class _StopsWhenFull(SqlWriter):
    """The history, which also sets the event `full` when the expected number of articles has been written."""

    def __init__(self, file: Path, expected: int) -> None:
        super().__init__(writable(f"sqlite:///{file}"))
        self._left = expected
        self.full = threading.Event()

    def write(self, batch: Batch) -> Written:
        written = super().write(batch)
        self._left -= len(batch.articles)
        if self._left <= 0:
            self.full.set()
        return written


def history_recorder(lab: Lab) -> Rows:
    """Articles per second of the recorder, from its subscription until the last is committed and acknowledged."""
    settings, clock = lab.settings(), SystemClock()
    server, folders = lab.servers.rabbitmq(), numbers()
    lab.servers.redis()
    count = lab.amount(ARTICLES)
    now = clock.now()
    articles = [article(number, now) for number in range(count)]
    messages = [OutgoingMessage(HISTORY.name, each.encode(), each.article_id) for each in articles]
    publisher = RabbitMqBroker(settings, clock)

    def prepared() -> Path:
        folder = lab.folder / f"history-{next(folders)}"
        folder.mkdir()
        with closing(open_history(settings.changed(state_dir=folder))) as history:
            history.check()
        publisher.publish(messages, timeout=120)
        return folder

    def ours() -> float:
        folder = prepared()
        own = settings.changed(state_dir=folder, freqtrade_api_pass=None)
        history, broker = _StopsWhenFull(folder / FILE_NAME, count), RabbitMqBroker(own, clock)
        with closing(HistoryRecorder(own, broker, history, RedisStore(own), clock)) as service:
            history.check()  # opens the file and connects, as the baseline has done before it subscribes
            broker.start()
            begin = time.perf_counter()
            service.start()
            service.run(history.full)
            seconds = time.perf_counter() - begin
        with closing(open_reader(own)) as reader:
            _check(reader.counts()["articles"], count)
        return count / seconds

    def baseline() -> float:
        folder = prepared()
        seconds = _only_insert(server, folder / FILE_NAME, count)
        with closing(open_reader(settings.changed(state_dir=folder))) as reader:
            _check(reader.counts()["articles"], count)
        return count / seconds

    try:
        publisher.start()
        values, baselines = lab.interleave(ours, baseline)
    finally:
        publisher.close()
    note = f"bare pika consumer that writes the same rows with executemany, batches of {BATCH_SIZE}"
    yield compare("history_recorder", "articles/s", values, baselines, at_least(0.8), note=note)


def _only_insert(server: RabbitServer, file: Path, count: int) -> float:
    """Seconds that a plain consumer needs to insert and acknowledge `count` articles, as durably as the recorder."""
    connection = bare_connection(server)
    channel = connection.channel()
    channel.basic_qos(prefetch_count=PREFETCH)
    bodies: list[bytes] = []
    left = count
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            database.execute(f"PRAGMA {pragma}")

        def on_message(
            channel: BlockingChannel, method: Basic.Deliver, _properties: BasicProperties, body: bytes
        ) -> None:
            nonlocal left
            bodies.append(body)
            left -= 1
            if len(bodies) == BATCH_SIZE or not left:
                _insert(database, bodies)
                bodies.clear()
                channel.basic_ack(method.delivery_tag, multiple=True)
            if not left:
                channel.stop_consuming()

        begin = time.perf_counter()
        channel.basic_consume(HISTORY.name, on_message)
        channel.start_consuming()
        seconds = time.perf_counter() - begin
    connection.close()
    return seconds


def _insert(database: sqlite3.Connection, bodies: list[bytes]) -> None:
    now = time.time_ns() // 1000
    read = [json.loads(body) for body in bodies]
    database.execute("BEGIN IMMEDIATE")
    database.executemany(
        _ARTICLE,
        [
            (
                *(each[name] for name in _TEXTS),
                *(_microseconds(each["published"]), _microseconds(each["fetched_at"])),
                *(each["weight"], each["hidden_text"], now),
            )
            for each in read
        ],
    )
    events: list[tuple[Any, ...]] = [
        (each["article_id"], each["source"], now, number) for number, each in enumerate(read)
    ]
    database.executemany(_EVENT, events)
    database.execute("COMMIT")


def _microseconds(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1_000_000)


def _check(stored: int, count: int) -> None:
    """Raise TryLater if an article is missing, because the rate of a recorder that loses articles is useless."""
    if stored != count:
        missing = f"{stored} of {count} articles are in the history"
        raise TryLater(f"history_recorder: {missing}; run it again, and report it if it stays")
