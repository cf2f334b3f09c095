"""The service as a process, on the embedded broker."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from services.common.broker.open import open_broker
from services.common.broker.topology import RAW_NEWS_DATA
from services.common.clock import SystemClock
from services.common.messages import NewsArticle, decode
from services.common.settings.settings import PROJECT_ROOT, BrokerKind, Settings
from tests.support.news.news_feed_server import FeedServer, reply
from tests.support.news.news_samples import numbered, rss
from tests.support.waiting import eventually


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with FeedServer() as running:
        yield running


@pytest.fixture
def environ(server: FeedServer, tmp_path: Path) -> dict[str, str]:
    sources = tmp_path / "sources.toml"
    sources.write_text(
        f'[[source]]\nname = "paper"\nurl = "{server.url}/rss"\n'
        f'[[source]]\nname = "stuck"\nurl = "http://me:hidden@{server.url.removeprefix("http://")}/stuck?k=hidden"\n',
        encoding="utf-8",
    )
    server.set("/stuck?k=hidden", server.hang)
    inherited = {
        name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}
    }
    return inherited | {
        "BROKER": "embedded",
        "STATE_DIR": str(tmp_path / "state"),
        "NEWS_SOURCES_FILE": str(sources),
        "NEWS_POLL_INTERVAL": "0.3",
        "NEWS_TIMEOUT": "600",  # what hangs would outlast the test
        "HEALTH_PORT": "0",
        "LOG_FORMAT": "json",
    }


class Poller:
    """One run of the program."""

    def __init__(self, environ: dict[str, str], log: Path) -> None:
        self.log = log
        with log.open("wb") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "services.data_ingestor.news_poller"],
                env=environ,
                cwd=PROJECT_ROOT,
                stderr=stderr,
            )

    def events(self) -> list[dict[str, Any]]:
        lines = self.log.read_text().splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def health(self) -> dict[str, Any]:
        (address,) = {event["health"] for event in self.events() if event["event"] == "service_starting"}
        answer: dict[str, Any] = httpx.get(address, timeout=30).json()
        return answer

    def end(self, number: signal.Signals) -> int:
        family = [
            self.process.pid,
            *(child.pid for child in psutil.Process(self.process.pid).children(recursive=True)),
        ]
        self.process.send_signal(number)
        status = self.process.wait(60)
        eventually(lambda: not any(is_running(pid) for pid in family))
        return status


def is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def start(environ: dict[str, str], tmp_path: Path) -> Iterator[Callable[[], Poller]]:
    started: list[Poller] = []

    def begin() -> Poller:
        started.append(Poller(environ, tmp_path / f"log-{len(started)}"))
        return started[-1]

    yield begin
    for poller in started:
        poller.process.kill()
        poller.process.wait()


def published(tmp_path: Path) -> list[NewsArticle]:
    """What lies in the queue."""
    settings = Settings(broker=BrokerKind.EMBEDDED, state_dir=tmp_path / "state")
    broker = open_broker(settings, SystemClock())
    broker.start()
    try:
        subscription = broker.subscribe(RAW_NEWS_DATA.name, 100)
        return [decode(delivery.body, NewsArticle) for delivery in subscription.receive(100, 0.5)]
    finally:
        broker.close()


def test_it_publishes_stops_cleanly_while_a_source_hangs_and_goes_on_where_it_was(
    server: FeedServer, tmp_path: Path, start: Callable[[], Poller]
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    server.set("/rss", reply(rss(numbered(2, published=now))))
    first = start()
    eventually(lambda: len(server.asked("/rss")) >= 3 and len(server.asked("/stuck?k=hidden")) >= 1)
    eventually(lambda: any(event["event"] == "articles_published" for event in first.events()))
    health = first.health()
    assert health["status"] == "degraded"
    assert health["dependencies"]["source:paper"]["status"] == "ok"
    assert health["dependencies"]["source:stuck"]["status"] == "down"
    assert first.end(signal.SIGTERM) == 0
    assert "hidden" not in first.log.read_text()
    assert first.events()[-1]["event"] == "service_stopped"

    server.set("/rss", reply(rss(numbered(3, published=now))))
    second = start()
    eventually(lambda: any(event["event"] == "articles_published" for event in second.events()))
    assert second.end(signal.SIGINT) == 0
    articles = published(tmp_path)
    assert sorted(article.link for article in articles) == [f"https://paper.example/{n}" for n in range(3)]


def test_killed_without_warning_it_loses_nothing_and_leaves_no_process(
    server: FeedServer, tmp_path: Path, start: Callable[[], Poller]
) -> None:
    server.set("/rss", reply(rss(numbered(40, published=datetime.now(UTC)))))
    first = start()
    eventually(lambda: len(server.asked("/rss")) >= 1 and len(server.asked("/stuck?k=hidden")) >= 1)
    first.end(signal.SIGKILL)
    second = start()
    eventually(lambda: any(event["event"] == "service_ready" for event in second.events()))
    eventually(lambda: len({one.article_id for one in published(tmp_path)}) == 40)
    assert second.end(signal.SIGTERM) == 0


def test_a_mistake_in_the_sources_ends_the_start_and_is_named(
    environ: dict[str, str], start: Callable[[], Poller]
) -> None:
    sources = Path(environ["NEWS_SOURCES_FILE"])
    sources.write_text('[[source]]\nname = "paper"\nadress = "x"\n', encoding="utf-8")
    poller = start()
    assert poller.process.wait(60) == os.EX_CONFIG
    (event,) = (event for event in poller.events() if event["event"] == "service_cannot_work")
    assert str(sources) in event["error"]
    assert "entry 1 (paper), field adress" in event["error"]
