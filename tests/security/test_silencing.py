"""Attack: whoever runs one feed makes another's articles disappear.

The attacker is a source that the operator configured. It lists the links, ids and titles of a competitor before the
competitor's own feed is read, with words of its own. The competitor's articles must be published nevertheless, with his
words and under his name, and none of the two may be taken for the other further on: every later part recognises an
article by its id. The poller, its state file and the embedded broker are the real ones.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from services.common.broker.open import open_broker
from services.common.broker.topology import RAW_NEWS_DATA
from services.common.clock import ManualClock, SystemClock, to_ms
from services.common.messages import NewsArticle, decode
from services.common.settings.settings import BrokerKind, Settings
from services.data_ingestor.news.publish import publish_waiting
from services.data_ingestor.news.rss.source import FeedConfig
from services.data_ingestor.news.seen.article_id import former_id
from services.data_ingestor.news.seen.seen import SeenArticles
from services.data_ingestor.news.source_poller import SourcePoller
from services.data_ingestor.news.turns.turns import Turns
from services.research.evaluate.decisions import Decision
from tests.support.news.news_feed_server import FeedServer, reply
from tests.support.news.news_samples import NOW, Item, rss
from tests.support.news.story_attacks import Day, telling

TRUTH = "Exchange halts withdrawals after bitcoin is stolen"
LIE = "Bitcoin soars as the exchange reports record profits"
LINK = "https://honest.example/exchange-halts-withdrawals"


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with FeedServer() as running:
        yield running


def feed(item: Item, guid: str = "") -> bytes:
    tag = f'<guid isPermaLink="false">{guid}</guid></item>' if guid else "</item>"
    return rss(item.xml().replace("</item>", tag))


def published(server: FeedServer, state: Path, *names: str) -> dict[str, list[NewsArticle]]:
    """Poll the sources one after the other, publish, and read the news queue; by source."""
    settings = Settings(broker=BrokerKind.EMBEDDED, state_dir=state)
    with (
        closing(SeenArticles(state / "news_seen.sqlite3")) as seen,
        closing(open_broker(settings, SystemClock())) as broker,
    ):
        broker.start()
        for name in names:
            source = FeedConfig(name=name, url=f"{server.url}/{name}")
            seen.note(
                [], [f"earlier-{name}"], name, NOW
            )  # at the first poll nobody knows how old undated ones are
            poller = SourcePoller(source.open(settings), settings, ManualClock(NOW), seen)
            poller.poll(threading.Event())
            assert poller.state.answers
        turns = Turns(seen, settings.news_source_quota, SystemClock())
        while publish_waiting(broker, seen, turns):
            pass
        ready = next(each.ready for each in broker.queues() if each.name == RAW_NEWS_DATA.name)
        with closing(broker.subscribe(RAW_NEWS_DATA.name, 100)) as queue:
            found: dict[str, list[NewsArticle]] = {}
            left = ready
            while left:
                deliveries = queue.receive(100, 10.0)
                assert deliveries, f"{left} of {ready} messages did not come"
                queue.ack(deliveries)
                left -= len(deliveries)
                for delivery in deliveries:
                    article = decode(delivery.body, NewsArticle)
                    assert delivery.message_id == article.article_id
                    found.setdefault(article.source, []).append(article)
    return found


@pytest.mark.parametrize(
    ("theirs", "mine"),
    [
        pytest.param(Item(title=TRUTH, link=LINK), Item(title=LIE, link=LINK), id="the same link"),
        pytest.param(
            Item(title=TRUTH, link=LINK),
            Item(title=LIE, link="http://www.honest.example/exchange-halts-withdrawals/?utm_source=mine#top"),
            id="the same page",
        ),
        pytest.param(
            Item(title=TRUTH, link=LINK), Item(title=TRUTH, link=LINK, description=LIE), id="the same title"
        ),
        pytest.param(
            Item(title=TRUTH, link=None), Item(title=TRUTH, link=None), id="the same title, no link"
        ),
        pytest.param(
            Item(title=TRUTH, link="https://honest.example/"),
            Item(title=TRUTH, link="https://honest.example/", description=LIE),
            id="the same front page",
        ),
        pytest.param(
            Item(title=TRUTH, link=LINK, published=None),
            Item(title=LIE, link=LINK, published=None),
            id="undated",
        ),
    ],
)
@pytest.mark.parametrize("guid", ["", "honest-4711"])
def test_a_feed_that_lists_a_competitors_article_first_does_not_silence_him(
    server: FeedServer, tmp_path: Path, theirs: Item, mine: Item, guid: str
) -> None:
    server.set("/hostile", reply(feed(mine, guid)))
    server.set("/honest", reply(feed(theirs, guid)))
    found = published(server, tmp_path, "hostile", "honest")
    (truth,), (copy,) = found["honest"], found["hostile"]
    assert truth.title == TRUTH
    assert truth.article_id != copy.article_id


def test_a_feed_that_lists_a_link_twice_with_another_title_does_not_take_the_place_of_the_first(
    server: FeedServer, tmp_path: Path
) -> None:
    server.set("/hostile", reply(rss([Item(title=LIE, link=LINK), Item(title=f"{LIE} again", link=LINK)])))
    server.set("/honest", reply(rss([Item(title=TRUTH, link=LINK)])))
    found = published(server, tmp_path, "hostile", "honest")
    assert [article.title for article in found["honest"]] == [TRUTH]


def test_what_was_silenced_before_an_upgrade_is_published_after_it_and_what_was_seen_is_not(
    server: FeedServer, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "news_seen.sqlite3")) as db:
        db.executescript(
            "CREATE TABLE articles (article_id TEXT PRIMARY KEY, source TEXT NOT NULL, listed_ms INTEGER NOT NULL, "
            "body BLOB); CREATE INDEX waiting ON articles (source) WHERE body IS NOT NULL; PRAGMA user_version = 1;"
        )
        db.execute("INSERT INTO articles VALUES (?, 'hostile', ?, NULL)", (former_id(LINK), to_ms(NOW)))
        db.commit()
    server.set("/hostile", reply(rss([Item(title=LIE, link=LINK)])))
    server.set("/honest", reply(rss([Item(title=TRUTH, link=LINK)])))
    found = published(server, tmp_path, "hostile", "honest")
    assert [article.title for article in found["honest"]] == [TRUTH]
    assert "hostile" not in found


@pytest.mark.parametrize("weight", [0.0, 0.2])
def test_a_source_of_little_weight_that_is_first_with_the_truth_does_not_mute_it(weight: float) -> None:
    day = Day()
    words = "Hackers steal $90 million in bitcoin from exchange Coinharbor; bitcoin plunges"
    day.hear(telling("hostile", words, 0).model_copy(update={"weight": weight}))
    honest = day.hear(telling("honest", words, 5))
    assert [(signal.source, signal.weight) for signal in honest.signals] == [("honest", 1.0)]
    more = day.hear(telling("wire", words, 10))
    assert [(signal.source, signal.corroboration) for signal in more.signals] == [("honest", 1)]
    assert day.decision(20).exits == day_of_the_honest(words).exits != ()


def day_of_the_honest(words: str) -> Decision:
    day = Day()
    day.hear_all([telling("honest", words, 5), telling("wire", words, 10)])
    return day.decision(20)
