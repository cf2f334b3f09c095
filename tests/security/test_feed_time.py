"""Whoever runs a source hides that it has stopped, behind a post that is pinned, dated ahead or dated anew; and a feed
without dates passes what is old for news of this minute, once our record of it is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from services.common.clock import ManualClock
from services.common.messages import NewsArticle, decode
from services.common.settings.settings import Settings
from services.data_ingestor.news.rss import source as feed_source
from services.data_ingestor.news.rss.source import FeedConfig
from services.data_ingestor.news.seen.seen import SeenArticles
from services.data_ingestor.news.source_poller import SourcePoller
from tests.support.news.news_feed_server import FeedServer, reply
from tests.support.news.news_samples import NOW, Item, numbered, rss

HOUR = timedelta(hours=1)
DAY = 24 * HOUR
Pinned = Callable[[datetime], Sequence[Item]]


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is attacked here is what becomes of the entries; processes for each poll would take a minute."""

    def run(work: Callable[[Any], Any], argument: object, **_: object) -> object:
        return work(argument)

    monkeypatch.setattr(feed_source, "run_isolated", run)


class Feed:
    """A source that is polled, with a clock and a record of its own."""

    def __init__(self, server: FeedServer, folder: Path) -> None:
        self._server, self._path = server, folder / "seen.sqlite3"
        self.clock = ManualClock(NOW)
        self.start()

    def start(self) -> None:
        """As after a start of the service: nothing is remembered but what is recorded."""
        self.seen = SeenArticles(self._path)
        settings = Settings(news_frozen_after=6 * 3600)
        source = FeedConfig(name="paper", url=f"{self._server.url}/rss").open(settings)
        self.poller = SourcePoller(source, settings, self.clock, self.seen)

    def restart(self, *, lost: bool = False) -> None:
        self.seen.close()
        if lost:
            for file in self._path.parent.glob("seen.sqlite3*"):
                file.unlink()
        self.start()

    def list(self, items: Sequence[Item]) -> list[NewsArticle]:
        """Poll the feed with these entries; returns what is newly to be published, and takes it for published."""
        self._server.set("/rss", reply(rss(items)))
        self.poller.poll(threading.Event())
        assert self.poller.state.answers
        waiting = self.seen.waiting(1_000)
        self.seen.confirm([each.article_id for each in waiting])
        return [decode(each.body, NewsArticle) for each in waiting]

    def wait(self, span: timedelta) -> None:
        self.clock.advance(span.total_seconds())


@pytest.fixture
def feed(feeds: FeedServer, tmp_path: Path) -> Iterator[Feed]:
    source = Feed(feeds, tmp_path)
    with closing(source.seen):
        yield source


def pinned(published: datetime, link: str = "https://paper.example/pinned") -> Item:
    return Item("Bitcoin for beginners", link, published)


NEWS = [
    Item(f"Ether rises, part {hour}", f"https://paper.example/{hour}", NOW - hour * HOUR)
    for hour in range(12)
]
HIDING: dict[str, Pinned] = {
    "nothing": lambda _: [],
    "an old post": lambda _: [pinned(NOW - 365 * DAY)],
    "several old posts": lambda _: [
        pinned(NOW - days * DAY, f"https://paper.example/p{days}") for days in (30, 400, 900)
    ],
    "a post dated ahead": lambda _: [pinned(NOW + 30 * DAY)],
    "a post dated a little ahead": lambda _: [pinned(NOW + 10 * HOUR)],
    "a post always dated ahead": lambda now: [pinned(now + HOUR)],
    "a post dated anew at each poll": lambda now: [pinned(now)],
    "an old post at a new link at each poll": lambda now: [
        pinned(NOW - 90 * DAY, f"https://paper.example/{now:%j%H}")
    ],
    "a new old post at each poll": lambda now: [
        Item(f"From the archive: bitcoin {now:%j%H}", f"https://paper.example/a{now:%j%H}", NOW - 90 * DAY)
    ],
}


@pytest.mark.parametrize("hidden_behind", HIDING)
@pytest.mark.parametrize("restarted", [False, True])
def test_a_feed_that_has_stopped_is_noticed_whatever_it_is_hidden_behind(
    feed: Feed, hidden_behind: str, restarted: bool
) -> None:
    extra = HIDING[hidden_behind]
    for _ in range(6):
        feed.list([*extra(feed.clock.now()), *NEWS])
        assert not feed.poller.state.frozen
        feed.wait(HOUR)
    if restarted:
        feed.restart()
    feed.list([*extra(feed.clock.now()), *NEWS])
    for _ in range(7):
        feed.wait(HOUR)
        feed.list([*extra(feed.clock.now()), *NEWS])
    assert feed.poller.state.frozen
    assert REGISTRY.get_sample_value("cryptoboy_source_frozen", {"source": "paper"}) == 1


def test_a_feed_that_flows_under_a_pinned_post_is_not_frozen(feed: Feed) -> None:
    news = list(NEWS)
    for hour in range(24):
        feed.wait(HOUR)
        now = feed.clock.now()
        news = [Item(f"Ether rises again, {hour}", f"https://paper.example/new{hour}", now), *news[:11]]
        feed.list([pinned(NOW - 365 * DAY), pinned(now, "https://paper.example/other"), *news])
        assert not feed.poller.state.frozen


def undated(numbers: range) -> list[Item]:
    return [
        Item(f"Ethereum upgrade number {number} goes live", f"https://paper.example/{number}", None)
        for number in numbers
    ]


def skipped() -> float:
    labels = {"source": "paper", "reason": "undated"}
    return REGISTRY.get_sample_value("cryptoboy_articles_skipped_total", labels) or 0.0


@pytest.mark.parametrize("is_lost", [False, True], ids=["a new source", "a lost record"])
def test_what_has_no_date_is_no_news_of_now_when_nothing_is_recorded(feed: Feed, is_lost: bool) -> None:
    if is_lost:
        feed.list(undated(range(5)))
        feed.restart(lost=True)
    before = skipped()
    with capture_logs() as logs:
        assert feed.list(undated(range(5))) == []
        feed.wait(HOUR / 12)
        assert feed.list(undated(range(5))) == []
    assert [entry["count"] for entry in logs if entry["event"] == "undated_entries_passed_over"] == [5]
    assert skipped() == before + 5
    later = feed.list(undated(range(7)))
    assert [article.published for article in later] == [feed.clock.now()] * 2


def test_a_lost_record_hides_nothing_that_has_a_date(feed: Feed) -> None:
    (article,) = feed.list([*numbered(1), *undated(range(10, 15))])
    assert article.published == NOW


def test_a_restart_with_its_record_takes_what_appeared_meanwhile_for_news(feed: Feed) -> None:
    feed.list(undated(range(5)))
    feed.wait(HOUR / 4)
    feed.restart()
    (article,) = feed.list(undated(range(6)))
    assert article.published == feed.clock.now()


def test_after_an_outage_what_has_no_date_is_as_old_as_it_may_be(feed: Feed) -> None:
    feed.list(undated(range(5)))
    feed.wait(9 * HOUR)
    feed.restart()
    (article,) = feed.list(undated(range(6)))
    assert article.published == NOW
    feed.wait(4 * DAY)
    feed.restart()
    assert feed.list(undated(range(7))) == []


def test_an_empty_feed_has_been_read_all_the_same(feed: Feed) -> None:
    assert feed.list([]) == []
    feed.wait(HOUR / 12)
    assert len(feed.list(undated(range(1)))) == 1


def test_what_is_listed_for_long_is_not_forgotten_while_the_feed_does_not_change(feed: Feed) -> None:
    feed.list(undated(range(5)))
    for _ in range(61):
        feed.wait(DAY)
        feed.list(undated(range(5)))
        feed.seen.purge(feed.clock.now() - 60 * DAY)
    assert len(feed.list(undated(range(6)))) == 1
