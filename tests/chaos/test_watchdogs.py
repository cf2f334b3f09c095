"""What hangs, freezes or falls behind without an error: it is seen, counted, logged once, acted on, and then over."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler
from typing import Any

import httpx
import pytest

from tests.support.news.news_feed_server import FeedServer, reply
from tests.support.news.news_samples import Item, rss
from tests.support.pipeline.chaos_pipeline import PIPELINE, Pipeline, Service, make_stories, scored_by
from tests.support.servers.tcp_proxy import TcpProxy
from tests.support.waiting import eventually

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]
STORIES = tuple(replace(story, scored=True) for story in make_stories(520))
BEFORE = 400
"""Stories told at most before a server drips, which is only seen by what is asked after it."""
BYTE_SECONDS = 0.4
"""Between two bytes of a server that drips: less than any time limit for silence."""


@contextmanager
def supervised(service: Service) -> Iterator[list[int]]:
    """Start it again whenever it ends, as `up` and Docker do; the statuses with which it ended."""
    statuses: list[int] = []
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.1):
            status = service.process.poll() if service.process else None
            if status is not None:
                statuses.append(status)
                service.start()

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield statuses
    finally:
        over.set()
        thread.join()


def stuck_work(service: Service, what: str) -> dict[str, Any]:
    """What /health says of its work, once it says 503 for `what` and has counted that."""
    seen: list[dict[str, Any]] = []

    def is_told() -> bool:
        status, body = service.health()
        work = body.get("dependencies", {}).get("work", {"status": "ok"})
        if status == 503 and work["status"] == "down" and what in work["detail"]:
            with suppress(httpx.TransportError):  # it has just ended, and will hang again
                seen.append(work | {"counted": service.metric("cryptoboy_work_stuck_total")})
        return bool(seen) and seen[-1]["counted"] >= 1

    eventually(is_told, lambda: f"/health says what is stuck; {service.tail()}", 60)
    return seen[-1]


@pytest.mark.parametrize(
    ("victim", "what"), [("sentiment_processor", "scoring "), ("signal_cacher", " the store")]
)
def test_a_call_that_never_comes_back_ends_the_process_and_costs_nothing(
    pipeline: Pipeline, model_way: TcpProxy, redis_proxy: TcpProxy, victim: str, what: str
) -> None:
    """The server at the other end says a byte now and then, so that no time limit for its silence is passed."""
    way = {"sentiment_processor": model_way, "signal_cacher": redis_proxy}[victim]
    flow = pipeline.feed(STORIES)
    flow.limit = BEFORE
    pipeline.start(
        *PIPELINE,
        **scored_by(model_way),
        ollama_timeout=1.0,
        work_stuck_after=1.0,
        work_give_up_after=3.0,
    )
    service = pipeline.services[victim]
    with supervised(service) as statuses:
        flow.begin()
        pipeline.wait_for_cached(40)
        way.drip(BYTE_SECONDS)
        flow.limit = len(STORIES)
        work = stuck_work(service, what)
        eventually(lambda: bool(statuses), lambda: f"it ends; {service.tail()}", 60)
        way.drip(0)
        way.cut()
        pipeline.assert_books_balance(STORIES)
    assert what in work["detail"]
    assert "has not come back for" in work["detail"]
    assert work["counted"] >= 1
    assert set(statuses) == {os.EX_TEMPFAIL}
    assert len(service.events("work_given_up")) == len(statuses)
    told = [event["doing"] for event in service.events("work_stuck") if event["doing"].startswith("scoring")]
    assert len(told) == len(set(told)), "each is told once"
    (stacks, *_) = service.events("thread_stacks")
    assert {"sentiment_processor": "model/scorer.py", "signal_cacher": "redis/store.py"}[victim] in stacks[
        "stack"
    ]


class CachedFeed:
    """A feed behind a cache that has stopped asking the publisher, unless it is told to."""

    def __init__(self) -> None:
        begun = datetime.now(UTC)
        self._old = [
            Item(f"Bitcoin gains for the {number}. time", f"https://paper.example/{number}", begun - age)
            for number, age in enumerate(timedelta(seconds=0.2 * step) for step in range(5))
        ]
        self.asked_past_cache = 0

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        if handler.headers.get("Cache-Control") == "no-cache" and "If-None-Match" not in handler.headers:
            self.asked_past_cache += 1
            fresh = Item("Bitcoin gains once more", "https://paper.example/fresh", datetime.now(UTC))
            reply(rss([*self._old, fresh]), ETag='"2"')(handler)
        elif "If-None-Match" in handler.headers:
            reply(status=304)(handler)
        else:
            reply(rss(self._old), ETag='"1"')(handler)


def test_a_feed_that_has_nothing_new_any_more_is_asked_for_past_its_cache(
    pipeline: Pipeline, feeds: FeedServer
) -> None:
    cached = CachedFeed()
    pipeline.feed(())
    feeds.set("/rss", cached.answer)
    pipeline.start("signal_cacher", "sentiment_processor")
    pipeline.start("news_poller", news_frozen_after=4.0)
    poller = pipeline.services["news_poller"]
    eventually(lambda: bool(poller.events("feed_frozen")), "it is seen")
    # What it is given then is the newest again 4 s later, so all this may begin anew while we look.
    eventually(
        lambda: (
            poller.metric("cryptoboy_source_freezes_total", source="paper")
            == len(poller.events("feed_frozen"))
        ),
        "each time is counted once",
    )
    eventually(lambda: "Bitcoin gains once more" in pipeline.cached(), "what the cache withheld is cached")
    eventually(
        lambda: len(poller.events("feed_frozen")) == len(poller.events("feed_flows_again")),
        "it is over, and was told once",
    )
    assert cached.asked_past_cache >= 1
    (frozen, *_) = poller.events("feed_frozen")
    assert frozen["source"] == "paper"
    eventually(
        lambda: (
            sum("Cache-Control" in headers for headers in feeds.asked("/rss"))
            == len(poller.events("feed_frozen"))
        ),
        "each time it is asked past its cache once",
    )


def test_a_lag_beyond_the_limit_is_told_and_slows_the_poller_until_it_is_over(
    pipeline: Pipeline, model_way: TcpProxy
) -> None:
    flow = pipeline.feed(STORIES)
    pipeline.start(
        *PIPELINE,
        **scored_by(model_way),
        sentiment_concurrency=4,
        lag_limit=2.0,
    )
    processor, poller = pipeline.services["sentiment_processor"], pipeline.services["news_poller"]
    model_way.slow(0.2)  # so that all this lasts longer than the looks of the poller that it takes
    flow.begin()
    eventually(lambda: bool(processor.events("lag_is_long")), "the processor says that it is behind")
    eventually(lambda: poller.metric("cryptoboy_back_pressure") == 1, "the poller holds back")
    status, body = processor.health()
    assert (status, body["status"], body["dependencies"]["lag"]["status"]) == (200, "degraded", "down")
    assert "NEWS_MAX_AGE" in body["dependencies"]["lag"]["detail"]
    assert "the first article in the queue is" in poller.health()[1]["dependencies"]["news_queue"]["detail"]
    assert processor.metric("cryptoboy_lag_exceeded_total") == 1
    assert processor.metric("cryptoboy_lag_seconds") > 2
    model_way.slow(0)
    pipeline.assert_books_balance(STORIES)
    eventually(lambda: processor.health()[1].get("status") == "ok", "the processor has caught up")
    eventually(lambda: poller.health()[1].get("status") == "ok", "the poller is at ease")
    for service in (processor, poller):
        # logged a moment after /health knows it
        eventually(partial(said_it_is_over, service), f"{service.name} says as often that it has caught up")


def said_it_is_over(service: Service) -> bool:
    return len(service.events("lag_is_long")) == len(service.events("lag_is_short_again"))


def test_a_machine_that_stood_still_makes_nobody_give_up(pipeline: Pipeline) -> None:
    stories = make_stories(520)
    flow = pipeline.feed(stories)
    pipeline.start(*PIPELINE, work_stuck_after=2.0, work_give_up_after=1.0)
    flow.begin()
    pipeline.wait_for_cached(60)
    running = [service.process for service in pipeline.services.values()]
    for process in running:
        assert process is not None
        process.send_signal(signal.SIGSTOP)
    time.sleep(5)
    for process in running:
        assert process is not None
        process.send_signal(signal.SIGCONT)
    pipeline.assert_books_balance(stories)
    assert [service.process for service in pipeline.services.values()] == running
