"""The load: articles that are published to the news queue at a steady rate, and an endless feed for the poller."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from devtools.bench.samples import PAIRS
from services.common.broker.port import Broker, OutgoingMessage
from services.common.broker.topology import NEWS_ARTICLE
from services.common.errors import TryLater
from services.common.messages import NewsArticle

BATCHES_A_SECOND = 10
CONFIRM_SECONDS = 10.0
ITEMS_SHOWN = 60
LOOPBACK = "127.0.0.1"
_SUBJECTS = ("Bitcoin", "Ethereum", "BNB")
_NOT_TRADED = "Dogecoin"
_CYCLE = 7
_VERBS = ("surges", "climbs", "soars", "slides", "crashes", "drops")
_SYLLABLES = [consonant + vowel for consonant in "bdfklmnrstvz" for vowel in "aeiou"]
_VOCABULARY = 20_000


class Writer:
    """Writes articles, each of which tells a different story; an article about at least one of `PAIRS` can be scored.

    Of seven articles, one is about an asset that is not traded, three are about one pair and three about two pairs.
    The seven give nine signals, which is 1.29 per article; an archive of real news gave 1.26 for BTC, ETH and BNB.
    """

    def __init__(self, prefix: str, seed: int) -> None:
        self._prefix = prefix
        self._chance = random.Random(seed)
        self._words = ["".join(self._chance.choices(_SYLLABLES, k=3)) for _ in range(_VOCABULARY)]
        self._number = 0

    def article(self, now: datetime) -> NewsArticle:
        """The next article, with `now` as its publication time."""
        number, self._number = self._number, self._number + 1
        return NewsArticle(
            article_id=f"{self._prefix}-{number:08d}",
            source=self._prefix,
            title=self.title(number, self.signals_of(number)),
            link=f"https://news.invalid/{self._prefix}/{number}",
            summary=" ".join(self._chance.choices(self._words, k=20)),
            published=now,
            fetched_at=now,
        )

    @staticmethod
    def signals_of(number: int) -> int:
        """The number of signals that the article with this number leads to: 0, 1 or 2."""
        place = number % _CYCLE
        return place and 1 + place % 2

    def title(self, number: int, assets: int = 1) -> str:
        """A unique headline about this number of the traded assets."""
        words = " ".join(self._chance.choices(self._words, k=8))
        about = [_SUBJECTS[(number + more) % len(PAIRS)] for more in range(assets)] or [_NOT_TRADED]
        return f"{' and '.join(about)} {self._chance.choice(_VERBS)} {words}"


@dataclass(slots=True)
class Load:
    """Counts of published articles and of the signals expected from them; `late` is the number of late batches."""

    published: int = 0
    signals: int = 0
    refused: int = 0
    late: int = 0


def publish_steadily(broker: Broker, rate: float, load: Load, stop: threading.Event) -> None:
    """Publish `rate` articles per second until `stop` is set.

    After a delay of more than a second, the articles that were due in the meantime are not published later.

    A batch that the broker does not confirm is published again until it is confirmed, because the final counts must
    match.
    """
    writer = Writer("load", seed=1)
    size = max(1, round(rate / BATCHES_A_SECOND))
    due = time.monotonic()
    while not stop.is_set():
        articles = [writer.article(datetime.now(UTC)) for _ in range(size)]
        _publish(
            broker, [OutgoingMessage(NEWS_ARTICLE, each.encode(), each.article_id) for each in articles], load
        )
        load.signals += sum(writer.signals_of(load.published + each) for each in range(size))
        load.published += size
        due += size / rate
        pause = due - time.monotonic()
        if pause < -1:
            load.late += 1
            due = time.monotonic()
        stop.wait(max(pause, 0.0))


def _publish(broker: Broker, messages: list[OutgoingMessage], load: Load) -> None:
    while True:
        try:
            broker.publish(messages, CONFIRM_SECONDS)
        except TryLater:
            load.refused += 1
            time.sleep(1)
        else:
            return


class Feed:
    """An RSS feed to which `per_second` articles are added each second.

    Attributes:
        url: the address at which the feed is served.
    """

    def __init__(self, per_second: float) -> None:
        self._writer = Writer("feed", seed=2)
        self._per_second = per_second
        self._begin = time.monotonic()
        self._ended: float | None = None
        self._items: list[str] = []
        self._lock = threading.Lock()
        self.url = ""

    def freeze(self) -> None:
        """Add no more articles to the feed."""
        self._ended = time.monotonic()

    def document(self) -> bytes:
        """The RSS document with the newest articles."""
        with self._lock:
            due = int(((self._ended or time.monotonic()) - self._begin) * self._per_second)
            self._items += [self._item(number) for number in range(len(self._items), due)]
            shown = "".join(self._items[-ITEMS_SHOWN:])
        return f'<rss version="2.0"><channel><title>Endless</title>{shown}</channel></rss>'.encode()

    def _item(self, number: int) -> str:
        date = format_datetime(datetime.now(UTC))
        link = f"https://news.invalid/feed/{number}"
        title = self._writer.title(number)
        return f"<item><title>{title}</title><link>{link}</link><pubDate>{date}</pubDate></item>"


@contextmanager
def endless_feed(per_second: float) -> Iterator[Feed]:
    """Serve an endless feed on loopback while the context lasts."""
    feed = Feed(per_second)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            document = feed.document()
            self.send_response(200)
            self.send_header("Content-Type", "application/rss+xml")
            self.send_header("Content-Length", str(len(document)))
            self.end_headers()
            self.wfile.write(document)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's signature
            """Log nothing."""

    server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()
    feed.url = f"http://{LOOPBACK}:{server.server_port}/rss"
    try:
        yield feed
    finally:
        server.shutdown()
        server.server_close()
