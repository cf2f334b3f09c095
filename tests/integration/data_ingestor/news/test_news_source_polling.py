from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from services.common.clock import ManualClock
from services.common.settings.settings import Settings
from services.data_ingestor.news.rss.source import Feed, FeedConfig
from services.data_ingestor.news.seen import seen as news_seen
from services.data_ingestor.news.seen.seen import SeenArticles
from services.data_ingestor.news.source_poller import SourcePoller
from tests.support.news.news_feed_server import Answer, FeedServer, reply
from tests.support.news.news_samples import NOW, Item, numbered, rss

BOMB = b"""<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "bitcoin"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<rss version="2.0"><channel><item><title>&b;</title></item></channel></rss>"""
ENDLESS_ADDRESS = rss(f"<item><title>Bitcoin</title><author>{'a.' * 100_000}</author></item>")


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with FeedServer() as running:
        yield running


@pytest.fixture
def seen(tmp_path: Path) -> Iterator[SeenArticles]:
    articles = SeenArticles(tmp_path / "seen.sqlite3")
    yield articles
    articles.close()


def poller(
    server: FeedServer, seen: SeenArticles, *, timeout: float = 30.0, parse_seconds: float = 30.0
) -> SourcePoller:
    settings = Settings(news_timeout=timeout)
    source = Feed(FeedConfig(name="paper", url=server.url + "/rss"), settings, parse_seconds)
    return SourcePoller(source, settings, ManualClock(NOW), seen)


def poll(source: SourcePoller) -> float | None:
    return source.poll(threading.Event())


def metric(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, {"source": "paper", **labels}) or 0.0


def test_how_late_each_article_of_a_source_was_seen_is_counted_once(
    server: FeedServer, seen: SeenArticles
) -> None:
    late = [
        Item(published=NOW - timedelta(minutes=50)),
        Item(title="Ether rests", link="https://paper.example/e"),
    ]
    server.set(
        "/rss", reply(rss(late)), reply(rss([*late, Item(title="BNB", link=None, published="yesterday")]))
    )
    before = [metric(f"cryptoboy_source_lag_seconds_{what}") for what in ("count", "sum")]
    source = poller(server, seen)
    poll(source)
    poll(source)
    after = [metric(f"cryptoboy_source_lag_seconds_{what}") for what in ("count", "sum")]
    assert [now - then for now, then in zip(after, before, strict=True)] == [2, 3000]
    assert metric("cryptoboy_source_newest_timestamp_seconds") == NOW.timestamp()


def test_new_articles_are_noted_and_what_was_not_published_is_counted_by_reason(
    server: FeedServer, seen: SeenArticles
) -> None:
    items = [
        *numbered(2),
        Item(title=None, link="https://paper.example/untitled"),
        Item(title="A recipe for bread", link="https://paper.example/bread"),
        Item(link="https://paper.example/old", published=NOW - timedelta(days=3)),
        Item(link="https://paper.example/undated", published=None),
        Item(link="https://paper.example/tomorrow", published=NOW + timedelta(days=1)),
    ]
    server.set("/rss", reply(rss(items)))
    reasons = ("no_title", "irrelevant", "too_old", "known", "undated")
    skipped = "cryptoboy_articles_skipped_total"
    before = [metric(skipped, reason=reason) for reason in reasons]
    corrected = metric("cryptoboy_articles_corrected_total", reason="future_date")
    source = poller(server, seen)
    poll(source)
    assert seen.waiting_count == 3
    after = [metric(skipped, reason=reason) for reason in reasons]
    assert [new - old for new, old in zip(after, before, strict=True)] == [1, 1, 1, 0, 1]
    assert metric("cryptoboy_articles_corrected_total", reason="future_date") == corrected + 1
    assert metric("cryptoboy_source_up") == 1
    assert metric("cryptoboy_source_last_success_timestamp_seconds") == NOW.timestamp()
    health = source.state.health()
    assert health.ok
    assert not health.required
    assert "7 entries, 3 articles" in health.detail


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        pytest.param(reply(b""), "is empty", id="empty"),
        pytest.param(
            reply(b"<html>no</html>", Content_Type="text/html"), "is not a feed (text/html)", id="page"
        ),
        pytest.param(reply(b"<rss><chan"), "is not a feed", id="malformed"),
        pytest.param(reply(BOMB), "declares entities", id="entity bomb"),
        pytest.param(reply(rss(" " * 5_000_000)), "larger than 5000000 bytes", id="huge"),
        pytest.param(
            reply(gzip.compress(b"<" * 50_000_000, 1), Content_Encoding="gzip"), "larger than", id="gzip bomb"
        ),
        pytest.param(reply(status=404), "404 Not Found; check the url", id="missing"),
        pytest.param(reply(status=503), "503 Service Unavailable", id="overloaded"),
        pytest.param(reply(status=301, Location="/rss"), "redirects more than", id="circle"),
    ],
)
def test_a_feed_that_fails_is_shown_to_be_down_until_it_answers(
    server: FeedServer, seen: SeenArticles, answer: Answer, error: str
) -> None:
    server.set("/rss", answer)
    source = poller(server, seen)
    poll(source)
    assert error in source.state.last_error
    assert source.state.failures == 1
    assert not source.state.health().ok
    assert metric("cryptoboy_source_up") == 0
    server.set("/rss", reply(rss([Item()])))
    poll(source)
    assert source.state.health().ok
    assert error in source.state.health().detail
    assert seen.waiting_count == 1


@pytest.mark.parametrize("encoding", ["utf-16", "big5", "shift_jis"])
def test_feeds_in_other_encodings_are_read(server: FeedServer, seen: SeenArticles, encoding: str) -> None:
    server.set("/rss", reply(rss([Item(title="BTC 上昇")], encoding=encoding)))
    poll(poller(server, seen))
    (waiting,) = seen.waiting(10)
    assert "BTC 上昇" in waiting.body.decode()


def test_headers_that_never_end_are_given_up(server: FeedServer, seen: SeenArticles) -> None:
    server.set("/rss", server.drip_headers)
    source = poller(server, seen, timeout=2.0)  # between two drops no machine takes so long
    poll(source)
    assert "fetching the feed was not done within" in source.state.last_error


def test_a_feed_that_the_parser_cannot_finish_is_given_up(server: FeedServer, seen: SeenArticles) -> None:
    server.set("/rss", reply(ENDLESS_ADDRESS))
    source = poller(server, seen, parse_seconds=0.5)
    poll(source)
    assert "parsing the feed was not done within" in source.state.last_error


def test_a_server_that_asks_for_patience_sets_the_pause(server: FeedServer, seen: SeenArticles) -> None:
    server.set("/rss", reply(status=429, Retry_After="1234"), reply(rss([])))
    source = poller(server, seen)
    assert poll(source) == 1234
    assert poll(source) is None


def test_the_next_request_is_conditional_and_not_modified_is_success(
    server: FeedServer, seen: SeenArticles
) -> None:
    server.set("/rss", reply(rss([Item()]), ETag='"v1"'), reply(status=304))
    source = poller(server, seen)
    poll(source)
    poll(source)
    assert [headers.get("If-None-Match") for headers in server.asked("/rss")] == [None, '"v1"']
    assert source.state.health().ok
    assert metric("cryptoboy_source_polls_total", outcome="not_modified") >= 1


def test_while_its_articles_are_not_noted_an_answer_is_asked_for_again_in_full(
    server: FeedServer, seen: SeenArticles, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.set("/rss", reply(rss([Item()]), ETag='"v1"'))
    source = poller(server, seen)
    with monkeypatch.context() as patch:
        patch.setattr(news_seen, "MAX_WAITING", 0)
        poll(source)
    assert "already wait for the broker" in source.state.last_error
    assert seen.waiting_count == 0
    poll(source)
    assert seen.waiting_count == 1
    poll(source)
    assert [headers.get("If-None-Match") for headers in server.asked("/rss")] == [None, None, '"v1"']


def test_of_more_articles_than_may_wait_the_newest_are_noted_and_the_others_looked_for_again(
    server: FeedServer, seen: SeenArticles, monkeypatch: pytest.MonkeyPatch
) -> None:
    aged = [replace(item, published=NOW - timedelta(hours=hour)) for hour, item in enumerate(numbered(5))]
    server.set("/rss", reply(rss(aged), ETag='"v1"'))
    no_room = metric("cryptoboy_articles_skipped_total", reason="no_room")
    source = poller(server, seen)
    with monkeypatch.context() as patch:
        patch.setattr(news_seen, "MAX_WAITING", 2)
        poll(source)
        assert (
            "2 of its articles already wait for the broker, the most that are allowed; 3 more"
            in source.state.last_error
        )
        assert ["number 1" in one.body.decode() for one in seen.waiting(10)] == [True, False]
        assert metric("cryptoboy_articles_skipped_total", reason="no_room") == no_room + 3
        seen.confirm([one.article_id for one in seen.waiting(10)])
        poll(source)
    assert ["number 3" in one.body.decode() for one in seen.waiting(10)] == [True, False]
    poll(source)
    assert source.state.health().ok
    assert seen.waiting_count == 3


def test_the_same_feed_again_is_not_read_again(server: FeedServer, seen: SeenArticles) -> None:
    server.set("/rss", reply(rss([Item()])))
    source = poller(server, seen)
    poll(source)
    known = metric("cryptoboy_articles_skipped_total", reason="known")
    poll(source)
    assert metric("cryptoboy_articles_skipped_total", reason="known") == known
    server.set("/rss", reply(rss([Item(), *numbered(1)])))
    poll(source)
    assert metric("cryptoboy_articles_skipped_total", reason="known") == known + 1
    assert seen.waiting_count == 2


def test_a_defect_is_counted_and_the_source_polled_on(
    server: FeedServer, seen: SeenArticles, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> frozenset[str]:
        raise ZeroDivisionError("a defect")

    server.set("/rss", reply(rss([Item()])))
    source = poller(server, seen)
    with monkeypatch.context() as patch:
        patch.setattr(seen, "known", fail)
        poll(source)
    assert source.state.last_error == "ZeroDivisionError: a defect"
    poll(source)
    assert seen.waiting_count == 1
