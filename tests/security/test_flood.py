"""Attack: whoever runs one feed floods the pipeline, so that everybody else's news comes too late.

The attacker is a source that the operator configured, or several of one owner. Its feed lists as many new articles as a
feed may have, each time it is read. The scorer is slow: it takes one message at a time from the news queue. The others'
articles must be published in their turn and lie near the front of the queue; the flood waits, is shown, and costs
neither room nor polls of others. Poller, state file and embedded broker are the real ones.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from services.common.broker.open import open_broker
from services.common.broker.port import Broker
from services.common.broker.topology import RAW_NEWS_DATA
from services.common.clock import SystemClock
from services.common.messages import NewsArticle, decode
from services.common.settings.settings import BrokerKind, Settings
from services.data_ingestor.news.poller import NewsPoller
from services.data_ingestor.news.port import MAX_ENTRIES
from services.data_ingestor.news.rss.source import FeedConfig
from tests.support.news.news_feed_server import FeedServer, reply
from tests.support.news.news_samples import Item, rss
from tests.support.waiting import eventually

QUOTA = Settings().news_source_quota
GROWN = 5
"""So much of the quota may grow again while a test goes on."""


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with FeedServer() as running:
        yield running


def items(source: str, count: int, first: int = 0) -> list[Item]:
    return [
        Item(
            title=f"Bitcoin story number {number} of {source}",
            link=f"https://{source}.example/{number}",
            published=datetime.now(UTC) - timedelta(minutes=10),
        )
        for number in range(first, first + count)
    ]


@contextlib.contextmanager
def polled(server: FeedServer, state: Path, owners: dict[str, str]) -> Iterator[tuple[NewsPoller, Broker]]:
    """The poller at work on these sources, and a connection to the broker for whoever consumes."""
    settings = Settings(broker=BrokerKind.EMBEDDED, state_dir=state, news_poll_interval=0.3)
    sources = [
        FeedConfig(name=name, url=f"{server.url}/{name}", owner=owner).open(settings)
        for name, owner in owners.items()
    ]
    poller = NewsPoller(sources, settings, open_broker(settings, SystemClock()), SystemClock())
    with contextlib.closing(open_broker(settings, SystemClock())) as broker:
        broker.start()
        poller.start()
        stop = threading.Event()
        thread = threading.Thread(target=poller.run, args=(stop,))
        thread.start()
        try:
            yield poller, broker
        finally:
            stop.set()
            thread.join(60)
            poller.close()


def ready(broker: Broker) -> int:
    return next(each.ready for each in broker.queues() if each.name == RAW_NEWS_DATA.name)


def consume(broker: Broker, count: int) -> list[str]:
    """Take so many messages from the news queue, one at a time; gives their sources."""
    sources: list[str] = []
    with contextlib.closing(broker.subscribe(RAW_NEWS_DATA.name, 1)) as queue:
        while len(sources) < count:
            deliveries = queue.receive(1, 10.0)
            assert deliveries, f"only {len(sources)} of {count} messages came"
            queue.ack(deliveries)
            sources += [decode(each.body, NewsArticle).source for each in deliveries]
    return sources


def metric(name: str, source: str) -> float:
    return REGISTRY.get_sample_value(name, {"source": source}) or 0.0


def test_a_flood_waits_and_the_articles_of_others_are_published_in_their_turn(
    server: FeedServer, tmp_path: Path
) -> None:
    server.set("/flood", reply(rss(items("flood", MAX_ENTRIES))))
    server.set("/paper", reply(rss([])))
    before = metric("cryptoboy_articles_published_total", "paper")
    with polled(server, tmp_path, {"flood": "", "paper": ""}) as (_, broker):
        eventually(lambda: ready(broker) >= QUOTA)
        eventually(lambda: metric("cryptoboy_source_over_quota", "flood") == 1)
        eventually(
            lambda: MAX_ENTRIES / 2 < metric("cryptoboy_source_articles_waiting", "flood") < MAX_ENTRIES
        )
        server.set("/paper", reply(rss(items("paper", 3))))
        eventually(lambda: ready(broker) >= QUOTA + 3)
        assert consume(broker, QUOTA + GROWN).count("paper") == 3
        # The slow scorer has caught up: some more of the flood are let in, and never many before the next of others.
        eventually(lambda: ready(broker) > 0)
        server.set("/paper", reply(rss(items("paper", 4))))
        eventually(lambda: metric("cryptoboy_articles_published_total", "paper") == before + 4)
        assert "paper" in consume(broker, QUOTA + GROWN)
        assert metric("cryptoboy_source_over_quota", "paper") == 0


def test_ten_feeds_of_one_owner_have_the_turns_and_the_quota_of_one(
    server: FeedServer, tmp_path: Path
) -> None:
    feeds = {f"feed{number}": "mill" for number in range(10)}
    for name in feeds:
        server.set(f"/{name}", reply(rss(items(name, 200))))
    server.set("/paper", reply(rss(items("paper", 20))))
    with polled(server, tmp_path, {**feeds, "paper": ""}) as (_, broker):
        eventually(lambda: ready(broker) >= QUOTA + 20)
        eventually(lambda: sum(metric("cryptoboy_source_articles_waiting", name) for name in feeds) > 1_000)
        assert ready(broker) <= QUOTA + 20 + GROWN


def test_a_flood_that_fills_its_part_of_what_may_wait_leaves_the_others_theirs(
    server: FeedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.data_ingestor.news.seen.seen.MAX_WAITING", 600)
    server.set("/flood", reply(rss(items("flood", 500))))
    server.set("/paper", reply(rss([])))
    with polled(server, tmp_path, {"flood": "", "paper": ""}) as (poller, broker):
        eventually(lambda: "the most that are allowed" in poller.health()["source:flood"].detail)
        server.set("/flood", reply(rss(items("flood", 500, first=500))))
        server.set("/paper", reply(rss(items("paper", 5))))
        eventually(lambda: "paper" in published_sources(tmp_path))
        assert poller.health()["source:paper"].ok
        assert ready(broker) >= 5


def test_a_restart_gives_a_flood_no_new_quota_and_loses_nothing(server: FeedServer, tmp_path: Path) -> None:
    before = metric("cryptoboy_articles_published_total", "paper")
    flood = QUOTA + 40
    server.set("/flood", reply(rss(items("flood", flood))))
    with polled(server, tmp_path, {"flood": ""}) as (_, broker):
        eventually(lambda: ready(broker) >= QUOTA)
    server.set("/paper", reply(rss(items("paper", 2))))
    server.set("/flood", reply(rss([])))
    with polled(server, tmp_path, {"flood": "", "paper": ""}) as (_, broker):
        eventually(lambda: metric("cryptoboy_articles_published_total", "paper") == before + 2)
        assert ready(broker) <= QUOTA + 2 + GROWN
        taken = consume(
            broker, flood + 2
        )  # the queue is emptied again and again: in the end the whole flood comes
        assert taken.count("flood") == flood
        assert taken.count("paper") == 2
        assert taken.index("paper") <= QUOTA + GROWN


def published_sources(state: Path) -> set[str]:
    """Whose articles are in the news queue; none is taken."""
    settings = Settings(broker=BrokerKind.EMBEDDED, state_dir=state)
    with contextlib.closing(open_broker(settings, SystemClock())) as broker:
        broker.start()
        with contextlib.closing(broker.subscribe(RAW_NEWS_DATA.name, 1_000)) as queue:
            deliveries = queue.receive(1_000, 0.2)
            queue.release(deliveries)
    return {decode(each.body, NewsArticle).source for each in deliveries}
