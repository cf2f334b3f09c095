"""Messages that come twice, out of order, poisonous, or faster than the queue has room."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from services.common.broker.port import OutgoingMessage
from services.common.broker.topology import NEWS_ARTICLE, RAW_NEWS_DATA, SENTIMENT_SIGNAL, SENTIMENT_SIGNALS
from services.common.messages import NewsArticle
from tests.support.pipeline.chaos_pipeline import PIPELINE, Pipeline, make_stories
from tests.support.waiting import eventually

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]
STORIES = make_stories(520)
CONSUMERS = PIPELINE[:2]
POISON = (
    b"",
    b"not json",
    b"[]",
    b'{"type": "market_data"}',
    b"\xff\xfe\x00",
    b'{"type": "news_article", "article_id": "x"}',
    b'{"a":' * 5000,
    b'{"type": "sentiment_signal", "sentiment_score": NaN}',
    b'{"type": "sentiment_signal", "sentiment_score": 1e999, "pair": "../x"}',
)


def as_messages() -> list[OutgoingMessage]:
    begun = datetime.now(UTC) - timedelta(hours=1)
    articles = [
        NewsArticle(
            article_id=f"story-{number:04}",
            source="paper",
            title=story.title,
            link=f"https://paper.example/{number}",
            published=begun + timedelta(seconds=number),
            fetched_at=begun + timedelta(seconds=number),
        )
        for number, story in enumerate(STORIES)
    ]
    return [OutgoingMessage(NEWS_ARTICLE, each.encode(), each.article_id) for each in articles]


def test_twice_in_any_order_and_among_poison_each_story_counts_once(pipeline: Pipeline) -> None:
    poison = [
        OutgoingMessage(key, body, f"poison-{number}")
        for key in (NEWS_ARTICLE, SENTIMENT_SIGNAL)
        for number, body in enumerate(POISON)
    ]
    messages = [*as_messages(), *as_messages(), *poison]
    random.Random(3).shuffle(messages)
    pipeline.start(*CONSUMERS)
    for start in range(0, len(messages), 50):
        pipeline.broker.publish(messages[start : start + 50])
    pipeline.assert_books_balance(
        STORIES,
        {RAW_NEWS_DATA.dead_letter_name: len(POISON), SENTIMENT_SIGNALS.dead_letter_name: len(POISON)},
    )


def test_news_that_is_too_old_when_its_turn_comes_is_recorded_as_expired(pipeline: Pipeline) -> None:
    flow = pipeline.feed(STORIES)
    pipeline.start(
        *PIPELINE, news_max_age=3400.0
    )  # the first is an hour old, each a second younger than the last
    flow.begin()
    eventually(lambda: len(pipeline.outcomes()) == len(STORIES) and pipeline.waiting() == 0, "all have ended")
    ended = Counter(pipeline.outcomes().values())
    assert 0 < ended["expired"] < len(STORIES)
    assert ended["expired"] + ended["scored"] + ended["abstained"] == len(STORIES)
    eventually(lambda: pipeline.cached().total() == ended["scored"], "the others are cached")
    assert max(pipeline.cached().values()) == 1
    assert pipeline.dead_letters() == {}
    pipeline.assert_store_is_whole()


@pytest.mark.parametrize("queue_max_length", [40])
def test_a_full_queue_holds_the_poller_back_and_costs_neither_news_nor_memory(pipeline: Pipeline) -> None:
    flow = pipeline.feed(STORIES, per_second=500)
    pipeline.start("signal_cacher", "news_poller")
    poller = pipeline.services["news_poller"]
    eventually(
        lambda: poller.metric("cryptoboy_source_up", source="paper") == 1,
        "the poller has read the feed, in the processes that it needs for that",
    )
    before = poller.resident_bytes()
    flow.begin()
    eventually(lambda: bool(poller.events("publishing_waits")), "the poller says that it waits")
    eventually(lambda: flow.told == len(STORIES), "the feed tells all")
    assert poller.resident_bytes() < before + 60_000_000
    pipeline.start("sentiment_processor")
    pipeline.assert_books_balance(STORIES)
