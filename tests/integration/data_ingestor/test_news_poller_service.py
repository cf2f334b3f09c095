from __future__ import annotations

import contextlib
import multiprocessing
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from services.common.clock import ManualClock
from services.common.runtime.health import health_body
from services.common.settings.settings import Settings
from services.data_ingestor.news.poller import NewsPoller
from services.data_ingestor.news.rss.source import FeedConfig
from services.data_ingestor.news.seen.seen import SeenArticles
from tests.support.broker.news_broker import MemoryBroker, accept, away
from tests.support.news.news_feed_server import FeedServer, reply
from tests.support.news.news_samples import NOW, Item, numbered, rss
from tests.support.waiting import eventually


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with FeedServer() as running:
        yield running


def service(
    server: FeedServer, broker: MemoryBroker, state: Path, *names: str, clock: ManualClock | None = None
) -> NewsPoller:
    # What hangs outlasts the test.
    settings = Settings(state_dir=state, news_poll_interval=0.2, news_timeout=600.0)
    sources = [FeedConfig(name=name, url=f"{server.url}/{name}").open(settings) for name in names]
    return NewsPoller(sources, settings, broker, clock or ManualClock(NOW))


@contextlib.contextmanager
def running(poller: NewsPoller) -> Iterator[None]:
    """The service at work; afterwards it has stopped by itself, cleanly."""
    poller.start()
    stop = threading.Event()
    failed: list[BaseException] = []

    def run() -> None:
        try:
            poller.run(stop)
        except BaseException as error:  # noqa: BLE001 - told to the test below
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(60)
        assert not thread.is_alive()
        poller.close()
    assert not failed


def test_what_feeds_bring_is_published_and_new_articles_follow(server: FeedServer, tmp_path: Path) -> None:
    broker = MemoryBroker()
    server.set("/a", reply(rss(numbered(2))))
    server.set("/b", reply(rss(numbered(1, first=7))))
    with running(service(server, broker, tmp_path, "a", "b")):
        eventually(lambda: len(broker.articles) == 3)
        server.set("/a", reply(rss(numbered(3))))
        eventually(lambda: len(broker.articles) == 4)
    assert {article.source for article in broker.articles} == {"a", "b"}
    assert len({message.message_id for message in broker.stored}) == 4
    assert all(
        message.message_id == article.article_id
        for message, article in zip(broker.stored, broker.articles, strict=True)
    )


def test_a_source_that_hangs_delays_no_other(server: FeedServer, tmp_path: Path) -> None:
    broker = MemoryBroker()
    server.set("/stuck", server.hang)
    server.set("/a", reply(rss(numbered(1))))
    poller = service(server, broker, tmp_path, "stuck", "a")
    with running(poller):
        eventually(lambda: len(server.asked("/a")) > 3)
        server.set("/a", reply(rss(numbered(2))))
        eventually(lambda: len(broker.articles) == 2)
        eventually(lambda: len(server.asked("/stuck")) > 0)  # by a thread and a process of its own
        health = poller.health()
        assert len(server.asked("/stuck")) == 1
    assert not health["source:stuck"].ok
    assert health["source:a"].ok
    assert health["sources"].ok


def test_an_article_that_two_sources_bring_is_published_once_for_each(
    server: FeedServer, tmp_path: Path
) -> None:
    broker = MemoryBroker()
    server.set("/a", reply(rss([Item(), Item(link="http://www.paper.example/bitcoin-climbs/?utm_source=a")])))
    server.set("/b", reply(rss([Item(link="http://www.paper.example/bitcoin-climbs/?utm_source=b")])))
    with running(service(server, broker, tmp_path, "a", "b")):
        eventually(lambda: min(len(server.asked("/a")), len(server.asked("/b"))) > 2)
        eventually(lambda: len(broker.articles) > 1)
    assert sorted(article.source for article in broker.articles) == ["a", "b"]
    assert len({article.article_id for article in broker.articles}) == 2


def test_after_a_restart_nothing_is_published_twice(server: FeedServer, tmp_path: Path) -> None:
    broker = MemoryBroker()
    server.set("/a", reply(rss(numbered(2))))
    with running(service(server, broker, tmp_path, "a")):
        eventually(lambda: len(broker.articles) == 2)
    server.set("/a", reply(rss(numbered(3))))
    with running(service(server, broker, tmp_path, "a")):
        eventually(lambda: len(broker.articles) == 3)
    assert len({message.message_id for message in broker.stored}) == 3


def test_while_the_broker_is_away_articles_wait_even_if_the_feed_drops_them(
    server: FeedServer, tmp_path: Path
) -> None:
    broker = MemoryBroker()
    broker.refuse = away
    server.set("/a", reply(rss(numbered(2))))
    poller = service(server, broker, tmp_path, "a")
    with running(poller):
        eventually(lambda: broker.attempts > 0)
        server.set("/a", reply(rss(numbered(1, first=2))))
        eventually(lambda: "3 articles wait" in poller.health()["sources"].detail)
        assert broker.articles == []
        broker.refuse = accept
        eventually(lambda: len(broker.articles) == 3)


def test_what_waited_when_the_service_ended_is_published_by_the_next(
    server: FeedServer, tmp_path: Path
) -> None:
    broker = MemoryBroker()
    broker.refuse = away
    server.set("/a", reply(rss(numbered(2))))
    with running(service(server, broker, tmp_path, "a")):
        eventually(lambda: broker.attempts > 0)
    server.set("/a", reply(rss([])))
    broker.refuse = accept
    with running(service(server, broker, tmp_path, "a")):
        eventually(lambda: len(broker.articles) == 2)


def test_what_waited_until_it_was_too_old_is_given_up_and_counted(server: FeedServer, tmp_path: Path) -> None:
    broker = MemoryBroker()
    broker.refuse = away
    old, new = numbered(1, published=NOW - timedelta(hours=40)), numbered(1, first=1)
    server.set("/a", reply(rss([*old, *new])))
    with running(service(server, broker, tmp_path, "a")):
        eventually(lambda: broker.attempts > 0)
    broker.refuse = accept
    skipped = ("cryptoboy_articles_skipped_total", {"source": "a", "reason": "waited_too_long"})
    before = REGISTRY.get_sample_value(*skipped) or 0.0
    later = service(server, broker, tmp_path, "a", clock=ManualClock(NOW + timedelta(hours=10)))
    with running(later):
        eventually(lambda: len(broker.articles) == 1)
        eventually(lambda: len(server.asked("/a")) > 2)
    assert broker.titles == ["Ethereum upgrade number 1 goes live"]
    assert REGISTRY.get_sample_value(*skipped) == before + 1


def test_a_crash_between_confirmation_and_mark_publishes_again_with_the_same_id(
    server: FeedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = MemoryBroker()
    server.set("/a", reply(rss(numbered(1))))
    crashed = threading.Event()

    def crash(*_: object) -> None:
        crashed.set()
        raise SystemExit

    poller = service(server, broker, tmp_path, "a")
    poller.start()
    with monkeypatch.context() as patch:
        patch.setattr(SeenArticles, "confirm", crash)
        with pytest.raises(SystemExit):
            poller.run(threading.Event())
    poller.close()
    assert crashed.is_set()
    with running(service(server, broker, tmp_path, "a")):
        eventually(lambda: len(broker.stored) == 2)
    assert len({message.message_id for message in broker.stored}) == 1


def test_stopping_gives_up_what_hangs_and_leaves_nothing_behind(server: FeedServer, tmp_path: Path) -> None:
    server.set("/stuck", server.hang)
    with running(service(server, MemoryBroker(), tmp_path, "stuck")):
        eventually(lambda: len(server.asked("/stuck")) == 1)
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("source-")]
    assert not multiprocessing.active_children()


def test_when_every_source_is_down_the_service_is_degraded_and_says_so(
    server: FeedServer, tmp_path: Path
) -> None:
    poller = service(server, MemoryBroker(), tmp_path, "a", "b")
    before = health_body("news_poller", poller.health(), 0.0, ready=True)
    assert before["dependencies"]["state"]["status"] == "down"
    with running(poller):
        eventually(lambda: "404" in poller.health()["source:a"].detail)
        eventually(lambda: "404" in poller.health()["source:b"].detail)
        body = health_body("news_poller", poller.health(), 0.0, ready=True)
    assert body["status"] == "degraded"
    assert body["dependencies"]["sources"]["detail"].startswith("0 of 2 answer")
    assert set(body["dependencies"]) == {"broker", "news_queue", "state", "sources", "source:a", "source:b"}
