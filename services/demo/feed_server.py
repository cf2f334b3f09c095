"""A local RSS server that lists each article once the clock has reached the article's time, as real feeds do."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from xml.sax.saxutils import escape  # nosec B406 # it escapes, it parses nothing

from services.common.clock import Clock
from services.demo.timed_news import TimedArticle

ITEMS_SHOWN = 60


class FeedServer:
    """Serves `/SOURCE.xml` on loopback until it is closed.

    Args:
        articles: the articles, in any order.
        clock: decides which articles are listed already.
    """

    def __init__(self, articles: Iterable[TimedArticle], clock: Clock) -> None:
        self._clock = clock
        self._frozen_at: datetime | None = None
        self._asked_since: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._by_source: dict[str, list[TimedArticle]] = {}
        for article in sorted(articles, key=lambda article: article.shown):
            self._by_source.setdefault(article.source, []).append(article)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.1,), name="feeds", daemon=True).start()

    @property
    def sources(self) -> list[str]:
        """The names of the feeds."""
        return sorted(self._by_source)

    def freeze(self) -> None:
        """List no further articles from now on."""
        self._frozen_at = self._clock.now()

    def are_read(self) -> bool:
        """Whether every feed was requested twice since `freeze`: the first answer is then processed."""
        with self._lock:
            return all(self._asked_since[source] > 1 for source in self._by_source)

    def feed(self, source: str) -> bytes | None:
        """The RSS document of a source as it is now, newest first; None if there is no such source."""
        if source not in self._by_source:
            return None
        if self._frozen_at is not None:
            with self._lock:
                self._asked_since[source] += 1
        now = self._frozen_at or self._clock.now()
        visible = [article for article in self._by_source[source] if article.shown <= now]
        return render_feed(source, visible[-ITEMS_SHOWN:][::-1])

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        feeds = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = feeds.feed(self.path.removeprefix("/").removesuffix(".xml")) or b""
                tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
                unchanged = self.headers.get("If-None-Match") == tag
                self.send_response(404 if not body else 304 if unchanged else 200)
                self.send_header("Content-Type", "application/rss+xml; charset=utf-8")
                self.send_header("ETag", tag)
                self.end_headers()
                if not unchanged:
                    self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's signature
                """Do nothing: the poller logs what it reads."""

        return Handler


def render_feed(source: str, articles: Sequence[TimedArticle]) -> bytes:
    """An RSS 2.0 document."""
    items = "".join(
        f"<item><title>{escape(article.title)}</title><link>{escape(article.url)}</link>"
        f"<guid isPermaLink='false'>{escape(article.url)}</guid>"
        f"<pubDate>{format_datetime(article.published)}</pubDate>"
        f"<description>{escape(article.text)}</description></item>"
        for article in articles
    )
    return (
        f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>{escape(source)}</title>'
        f"<link>https://sample.invalid/</link><description>{escape(source)}</description>{items}</channel></rss>"
    ).encode()


def write_sources(path: Path, base_url: str, sources: Sequence[str]) -> None:
    """Write a sources file for the poller that contains these feeds."""
    entries = [
        f'[[source]]\nname = "{name}"\nurl = "{base_url}/{name}.xml"\nweight = 1.0\nenabled = true\n'
        for name in sources
    ]
    path.write_text("\n".join(entries))
