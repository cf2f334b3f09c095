"""Runs the feeds of a folder through the poller, which fetches them from a server on loopback."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from services.common.broker.open import open_broker
from services.common.broker.topology import RAW_NEWS_DATA
from services.common.clock import SystemClock
from services.common.errors import StopProgram
from services.common.settings.settings import BrokerKind, Settings
from services.common.values import source_name
from services.data_ingestor.news.publish import publish_waiting
from services.data_ingestor.news.rss.source import FeedConfig
from services.data_ingestor.news.seen.seen import MAX_WAITING, SeenArticles
from services.data_ingestor.news.source_poller import SourcePoller
from services.data_ingestor.news.turns.turns import Turns

ANY_AGE_HOURS = 24.0 * 365 * 100
"""A maximum age that no article exceeds, because the feeds in a folder may be old."""
LOOPBACK = "127.0.0.1"
_NOT_FEEDS = frozenset({"LICENSE", "README", "README.md"})


@dataclass(frozen=True, slots=True)
class Polled:
    """The result of polling one file.

    Attributes:
        refused: the reason why nothing was read; empty if the feed was read.
        warning: the parser's warning about the feed.
        articles: the number of articles to publish; the other `entries` were seen before or are not about crypto.
    """

    file: str
    refused: str
    warning: str
    entries: int
    articles: int


def poll_folder(folder: Path, state: Path, report: Callable[[str], None]) -> tuple[list[Polled], int]:
    """Poll every file of a folder and of its subfolders as a source of its own.

    Args:
        folder: the folder of the feeds.
        state: a folder for the state of the poller and of the embedded broker.
        report: called with the name of each file that is polled, to show it to people.

    Returns:
        The result of each file, and the number of messages in the news queue at the end.

    Raises:
        StopProgram: the folder contains no files.
    """
    files = [each for each in sorted(folder.rglob("*")) if each.is_file() and each.name not in _NOT_FEEDS]
    if not files:
        raise StopProgram(f"{folder} holds no files; name a folder of feeds")
    clock = SystemClock()
    settings = Settings(broker=BrokerKind.EMBEDDED, state_dir=state, news_max_age_hours=ANY_AGE_HOURS)
    polled = []
    with (
        _served(files) as url,
        closing(SeenArticles(state / "seen.sqlite3")) as seen,
        closing(open_broker(settings, clock)) as broker,
    ):
        broker.start()
        for number, file in enumerate(files):
            name = str(file.relative_to(folder))
            report(name)
            config = FeedConfig(name=f"{number}-{source_name(name)}"[:64], url=f"{url}/{number}")
            poller = SourcePoller(config.open(settings), settings, clock, seen)
            poller.poll(threading.Event())
            state_of = poller.state
            polled.append(
                Polled(name, state_of.last_error, state_of.warning, state_of.entries, state_of.articles)
            )
        turns = Turns(seen, MAX_WAITING, clock)  # with a quota for all articles that can wait
        while seen.waiting_count:
            publish_waiting(broker, seen, turns)
        published = next(each.ready for each in broker.queues() if each.name == RAW_NEWS_DATA.name)
    return polled, published


@contextmanager
def _served(files: Sequence[Path]) -> Iterator[str]:
    """Serve each file under its number while the context lasts; yields the address of the server."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = files[int(self.path[1:])].read_bytes()
            self.send_response(200)
            self.send_header("Content-Type", "application/xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's signature
            """Log nothing, because the poller reports what it reads."""

    server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://{LOOPBACK}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
