from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from services.common.broker.port import Broker, OutgoingMessage
from services.common.clock import ManualClock
from services.common.errors import NeverWorks, TryLater
from services.common.messages import NewsArticle
from services.data_ingestor.news import publish as news_publish
from services.data_ingestor.news.publish import BATCH
from services.data_ingestor.news.seen.seen import SeenArticles
from services.data_ingestor.news.turns.turns import Turns
from tests.support.broker.news_broker import MemoryBroker, accept, away, no_route
from tests.support.news.news_samples import NOW


@pytest.fixture
def seen(tmp_path: Path) -> Iterator[SeenArticles]:
    articles = SeenArticles(tmp_path / "seen.sqlite3")
    yield articles
    articles.close()


def note(seen: SeenArticles, *identities: str) -> None:
    articles = [
        NewsArticle(
            article_id=one, source="paper", title=f"Bitcoin {one}", link="", published=NOW, fetched_at=NOW
        )
        for one in identities
    ]
    seen.note(articles, [], "paper", NOW)


def publish_waiting(broker: Broker, seen: SeenArticles) -> int:
    return news_publish.publish_waiting(broker, seen, Turns(seen, 100, ManualClock(NOW)))


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, {"source": "paper", **labels}) or 0.0


def refuse_title(message: OutgoingMessage) -> None:
    if b"Bitcoin bad" in message.body:
        raise NeverWorks("too large")


def test_waiting_articles_are_published_and_confirmed(seen: SeenArticles) -> None:
    broker = MemoryBroker()
    before = counted("cryptoboy_articles_published_total")
    note(seen, "a", "b")
    assert publish_waiting(broker, seen) == 2
    assert broker.titles == ["Bitcoin a", "Bitcoin b"]
    assert {(one.routing_key, one.message_id) for one in broker.stored} == {
        ("news.article", "a"),
        ("news.article", "b"),
    }
    assert seen.waiting_count == 0
    assert counted("cryptoboy_articles_published_total") - before == 2
    assert publish_waiting(broker, seen) == 0
    assert broker.attempts == 1


def test_many_articles_go_in_batches(seen: SeenArticles) -> None:
    broker = MemoryBroker()
    note(seen, *(f"n{number}" for number in range(BATCH + 1)))
    assert [publish_waiting(broker, seen) for _ in range(3)] == [BATCH, 1, 0]
    assert broker.attempts == 2


def test_while_the_broker_refuses_nothing_counts_as_seen(seen: SeenArticles) -> None:
    broker = MemoryBroker()
    broker.refuse = away
    note(seen, "a")
    with pytest.raises(TryLater, match="away"):
        publish_waiting(broker, seen)
    assert seen.waiting_count == 1
    broker.refuse = accept
    assert publish_waiting(broker, seen) == 1


def test_an_article_sent_but_not_marked_is_sent_again_with_the_same_id(
    seen: SeenArticles, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = MemoryBroker()
    note(seen, "a")

    def crash(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(seen, "confirm", crash)
        with pytest.raises(SystemExit):
            publish_waiting(broker, seen)
    assert publish_waiting(broker, seen) == 1
    assert [one.message_id for one in broker.stored] == ["a", "a"]


def test_an_article_that_alone_is_refused_is_dropped_and_counted(seen: SeenArticles) -> None:
    broker = MemoryBroker()
    broker.refuse = refuse_title
    before = counted("cryptoboy_articles_skipped_total", reason="refused")
    note(seen, "a", "bad", "b")
    assert publish_waiting(broker, seen) == 2
    assert set(broker.titles) == {"Bitcoin a", "Bitcoin b"}
    assert seen.waiting_count == 0
    assert counted("cryptoboy_articles_skipped_total", reason="refused") - before == 1


def test_where_every_article_is_refused_all_wait(seen: SeenArticles) -> None:
    broker = MemoryBroker()
    broker.refuse = no_route
    note(seen, "a", "b")
    with pytest.raises(TryLater, match="refuses every article: no queue takes it"):
        publish_waiting(broker, seen)
    assert seen.waiting_count == 2
