"""More news than the others take, and a broker that takes none: everybody waits, and nobody grows."""

from __future__ import annotations

import pytest

from services.common.broker.topology import RAW_NEWS_DATA
from tests.support.pipeline.chaos_pipeline import PIPELINE, Pipeline, make_stories
from tests.support.servers.servers import RabbitServer
from tests.support.waiting import eventually

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]
STORIES = make_stories(520)
SLOW_AT = 60
OVERSHOT = 350
"""What the poller may publish between two looks at the queue, a second apart."""
GROWTH_BYTES = 60_000_000


def queued(pipeline: Pipeline) -> int:
    return next(each.ready for each in pipeline.broker.queues() if each.name == RAW_NEWS_DATA.name)


def test_a_long_news_queue_makes_the_poller_keep_its_articles_and_poll_less_often(pipeline: Pipeline) -> None:
    flow = pipeline.feed(STORIES, per_second=500)
    pipeline.start("signal_cacher", "news_poller", news_queue_slow_at=SLOW_AT)
    poller = pipeline.services["news_poller"]
    flow.begin()
    eventually(lambda: bool(poller.events("news_queue_is_long")), "the poller says that the queue is long")
    eventually(lambda: flow.told == len(STORIES), "the feed tells all")
    eventually(
        lambda: sum(event["new"] for event in poller.events("articles_found")) == len(STORIES), "all are read"
    )
    assert SLOW_AT <= queued(pipeline) <= SLOW_AT + OVERSHOT
    status, body = poller.health()
    assert (status, body["status"], body["dependencies"]["news_queue"]["status"]) == (200, "degraded", "down")
    assert poller.metric("cryptoboy_back_pressure") == 1
    pipeline.start("sentiment_processor")
    pipeline.assert_books_balance(STORIES)
    eventually(lambda: poller.health()[1].get("status") == "ok", "the poller is at ease again")
    eventually(  # logged a moment after /health knows it
        lambda: len(poller.events("news_queue_is_long")) == len(poller.events("news_queue_is_short_again")),
        "the poller says as often that the queue is short again",
    )


def test_a_broker_that_takes_nothing_is_waited_for_and_makes_nobody_grow(
    pipeline: Pipeline, rabbitmq: RabbitServer
) -> None:
    flow = pipeline.feed(STORIES, per_second=150)
    flow.limit = 120
    pipeline.start(*PIPELINE)
    flow.begin()
    pipeline.wait_for_cached(60)
    before = {name: service.resident_bytes() for name, service in pipeline.services.items()}
    rabbitmq.control.ctl("set_vm_memory_high_watermark", "absolute", "1MB")
    flow.limit = len(STORIES)
    try:
        poller = pipeline.services["news_poller"]
        eventually(lambda: poller.health()[0] == 503, "the poller says that it cannot publish")
        eventually(
            lambda: "memory" in str(poller.health()[1].get("dependencies", {}).get("broker")),
            lambda: f"it says that it is the memory; {poller.health()}",
        )
        eventually(lambda: flow.told == len(STORIES), "the feed tells all")
        eventually(lambda: bool(poller.events("publishing_waits")), "the poller says that it waits")
        grown = {name: service.resident_bytes() - before[name] for name, service in pipeline.services.items()}
    finally:
        rabbitmq.control.ctl("set_vm_memory_high_watermark", "0.4")
    assert max(grown.values()) < GROWTH_BYTES, grown
    pipeline.assert_books_balance(STORIES)
    eventually(
        lambda: all(service.health()[0] == 200 for service in pipeline.services.values()),
        "all are healthy again without a restart",
        30,
    )
