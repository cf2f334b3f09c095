"""Connections to the servers that are cut, frozen and slowed, and servers that stop and start again."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from services.data_ingestor.news.publish import CONFIRM_SECONDS
from tests.support.pipeline.chaos_pipeline import PIPELINE, Pipeline, make_stories
from tests.support.servers.server_control import Control
from tests.support.servers.servers import RabbitServer, RedisServer
from tests.support.servers.tcp_proxy import TcpProxy
from tests.support.waiting import eventually

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]
STORIES = make_stories(520)
BEFORE = 400
"""Stories told at most before the fault, where it is only seen by what is done after it."""
SERVERS = ["rabbit", "redis"]


@pytest.fixture(params=SERVERS)
def proxy(request: pytest.FixtureRequest) -> TcpProxy:
    chosen: TcpProxy = request.getfixturevalue(f"{request.param}_proxy")
    return chosen


def cut_now_and_then(proxy: TcpProxy) -> None:
    for _ in range(8):
        proxy.cut()
        time.sleep(0.4)


def refuse_for_a_while(proxy: TcpProxy) -> None:
    proxy.refuse()
    time.sleep(4)
    proxy.accept()


def freeze_for_a_while(proxy: TcpProxy) -> None:
    proxy.freeze()
    time.sleep(6)
    proxy.thaw()


def slow_for_a_while(proxy: TcpProxy) -> None:
    proxy.slow(0.15)
    time.sleep(6)
    proxy.slow(0)


@pytest.mark.parametrize(
    "fault", [cut_now_and_then, refuse_for_a_while, freeze_for_a_while, slow_for_a_while]
)
def test_a_connection_out_of_order_loses_and_doubles_nothing(
    pipeline: Pipeline, proxy: TcpProxy, fault: Callable[[TcpProxy], None]
) -> None:
    flow = pipeline.feed(STORIES)
    pipeline.start(*PIPELINE)
    flow.begin()
    pipeline.wait_for_cached(60)
    fault(proxy)
    pipeline.assert_books_balance(STORIES)
    eventually(
        lambda: all(service.health()[0] == 200 for service in pipeline.services.values()),
        "all are healthy again without a restart",
        30,
    )


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest) -> Control:
    found: RabbitServer | RedisServer = request.getfixturevalue(
        {"rabbit": "rabbitmq", "redis": "redis_server"}[request.param]
    )
    return found.control


def test_a_server_stopped_and_started_loses_and_doubles_nothing(pipeline: Pipeline, server: Control) -> None:
    flow = pipeline.feed(STORIES)
    pipeline.start(*PIPELINE)
    flow.begin()
    pipeline.wait_for_cached(60)
    server.stop()
    eventually(
        lambda: any(service.health()[0] == 503 for service in pipeline.services.values()),
        "a service says that it cannot work",
    )
    server.start()
    pipeline.assert_books_balance(STORIES)


def test_a_store_that_comes_back_empty_takes_everything_from_then_on(
    pipeline: Pipeline, redis_server: RedisServer, redis_proxy: TcpProxy
) -> None:
    flow = pipeline.feed(STORIES, per_second=60)
    flow.limit = BEFORE
    pipeline.start(*PIPELINE)
    flow.begin()
    pipeline.wait_for_cached(60)
    redis_proxy.refuse()
    lost_at_most = flow.told
    flow.limit = len(STORIES)
    redis_server.control.stop()
    redis_server.control.start()
    pipeline.redis.flushall()
    redis_proxy.accept()
    later = {story.title for story in STORIES[lost_at_most:] if story.scored}
    assert later
    eventually(
        lambda: pipeline.cached().keys() >= later and pipeline.waiting() == 0, "the later ones are cached"
    )
    assert max(pipeline.cached().values()) == 1
    assert pipeline.dead_letters() == {}
    pipeline.assert_store_is_whole()


def test_a_connection_to_the_store_that_is_dead_without_saying_so_is_given_up(
    pipeline: Pipeline, redis_proxy: TcpProxy
) -> None:
    flow = pipeline.feed(STORIES)
    pipeline.start(*PIPELINE)
    flow.begin()
    for count in (60, 200, 400):
        pipeline.wait_for_cached(count)
        redis_proxy.abandon()
    pipeline.assert_books_balance(STORIES)


def test_answers_of_the_store_that_come_too_late_make_nothing_count_twice(
    pipeline: Pipeline, redis_proxy: TcpProxy
) -> None:
    """Each way takes more than half of REDIS_TIMEOUT, so that what was written is written again."""
    flow = pipeline.feed(STORIES)
    flow.limit = BEFORE
    pipeline.start(*PIPELINE)
    flow.begin()
    pipeline.wait_for_cached(60)
    redis_proxy.slow(0.7)
    flow.limit = len(STORIES)
    cacher = pipeline.services["signal_cacher"]
    eventually(lambda: bool(cacher.events("store_away")), "the cacher gives up waiting")
    time.sleep(4)
    redis_proxy.slow(0)
    pipeline.assert_books_balance(STORIES)


def test_confirms_that_come_too_late_make_nothing_count_twice(
    pipeline: Pipeline, rabbit_proxy: TcpProxy
) -> None:
    """There and back takes longer than the poller waits, so that what was published is published again."""
    flow = pipeline.feed(STORIES)
    flow.limit = BEFORE
    pipeline.start(*PIPELINE)
    flow.begin()
    pipeline.wait_for_cached(60)
    rabbit_proxy.slow(CONFIRM_SECONDS / 2 + 1)
    flow.limit = len(STORIES)
    poller = pipeline.services["news_poller"]
    eventually(lambda: bool(poller.events("publishing_waits")), "the poller gives up waiting")
    rabbit_proxy.slow(0)
    pipeline.assert_books_balance(STORIES)
