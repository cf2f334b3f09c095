"""One id leads from the feed to the trade: it is in every service's log, in the store and in what the strategy says."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from functools import partial

import pytest

from services.common.broker.port import OutgoingMessage
from services.common.broker.topology import NEWS_ARTICLE, SENTIMENT_SIGNAL
from services.common.runtime.tracing import trace_headers
from tests.support.pipeline.chaos_pipeline import PAIR
from tests.support.pipeline.plant import STORY, Plant
from tests.support.waiting import eventually

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]  # the first waits for everything to start


def test_one_id_leads_from_the_feed_to_the_trade(plant: Plant, caplog: pytest.LogCaptureFixture) -> None:
    services = plant.pipeline.services
    told = {
        "news_poller": "article_published",
        "sentiment_processor": "article_judged",
        "signal_cacher": "signals_cached",
    }
    for name, event in told.items():  # what is done is logged afterwards
        eventually(partial(services[name].events, event), f"{name} logs {event}")
    (published,), (judged,), (cached,) = (services[name].events(event) for name, event in told.items())
    trace_id = published["trace_id"]
    assert judged["trace_id"] == trace_id
    assert cached["trace_ids"] == {trace_id: {PAIR: "newest"}}
    assert {line["service"] for line in (published, judged, cached)} == told.keys()

    (member,) = plant.pipeline.redis.zrange(f"sentiment_signals:{PAIR}", 0, -1)
    assert json.loads(member)["article_id"] == trace_id
    assert json.loads(member)["headline"] == STORY.title
    assert plant.pipeline.redis.hget(f"sentiment:{PAIR}", "article_id").decode() == trace_id

    caplog.set_level(logging.INFO)
    assert plant.strategy.confirm_trade_entry(
        pair=PAIR, current_time=datetime.now(UTC), entry_tag="sentiment"
    )
    assert f"Entry of {PAIR} on [sentiment], trace_id={trace_id}" in caplog.text


def test_the_headers_of_a_message_carry_it_as_well(plant: Plant) -> None:
    """Two messages that nobody can read end in the dead letters, and the lines about that name what they claim."""
    claimed = {"sentiment_processor": (NEWS_ARTICLE, "a" * 32), "signal_cacher": (SENTIMENT_SIGNAL, "b" * 32)}
    for key, trace_id in claimed.values():
        message = OutgoingMessage(key, b"not json", "m1", trace_headers(trace_id))
        plant.pipeline.broker.publish([message])
    for name, (_, trace_id) in claimed.items():
        gave_up = partial(plant.pipeline.services[name].events, "message_dead_lettered")
        eventually(gave_up, f"{name} gave it up")
        (line,) = gave_up()
        assert line["trace_id"] == trace_id
