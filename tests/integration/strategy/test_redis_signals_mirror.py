"""Whatever is done to the store, a bot that runs knows what a bot that starts would read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import cryptoboy_sentiment as news
import pandas as pd
import pytest
import redis
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.support.servers.servers import RedisServer
from tests.support.strategy.strategy_samples import PAIR, at, message, milliseconds, signal, strategy_client

pytestmark = pytest.mark.integration

KEY = f"sentiment_signals:{PAIR}"
WINDOW = timedelta(minutes=60)


def put(store: redis.Redis, one: news.Signal) -> None:
    store.zadd(KEY, {message(one): milliseconds(one.available_at)})


def publish(store: redis.Redis, minute: int) -> None:
    put(store, signal(f"a{minute}", published=minute - 1))


def publish_late(store: redis.Redis, minute: int) -> None:
    """Before what was published last, and never so late that it would have expired."""
    put(store, signal(f"late{minute}", published=minute - 10))


def correct(store: redis.Redis, minute: int) -> None:
    """Add a revision of the oldest signal, as the cacher does."""
    if oldest := oldest_of(store):
        before = news.decode_member(oldest[0], PAIR)
        put(store, before._replace(revision=before.revision + 1, available_at=at(minute)))


def replace(store: redis.Redis, minute: int) -> None:
    """Take out what is corrected, as a cacher of an earlier version does."""
    oldest = oldest_of(store)
    correct(store, minute)
    if oldest:
        store.zrem(KEY, oldest[0])


def oldest_of(store: redis.Redis) -> list[bytes]:
    return store.zrange(KEY, 0, 0)  # type: ignore[return-value]  # the client's type covers async


def expire(store: redis.Redis, minute: int) -> None:
    store.zremrangebyscore(KEY, "-inf", milliseconds(at(minute - 20)))


def flush(store: redis.Redis, _minute: int) -> None:
    store.flushall()


def rest(_store: redis.Redis, _minute: int) -> None:
    """Nothing happens."""


steps = st.sampled_from([publish, publish, publish_late, correct, replace, expire, flush, rest])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example([[publish, publish], [publish_late, expire]])  # as many as before, and the newest is the same
@given(st.lists(st.lists(steps, max_size=4), min_size=1, max_size=8))
def test_after_a_refresh_the_mirror_is_what_a_fresh_start_reads(
    store: redis.Redis,
    private_redis: RedisServer,
    loops: list[list[Callable[[redis.Redis, int], None]]],
) -> None:
    store.flushall()
    minute = 0
    with strategy_client(private_redis.host, private_redis.port) as client:
        running = news.RedisSignals(client, window=WINDOW)
        for loop in loops:
            for step in loop:
                minute += 7
                step(store, minute)
            running.refresh([PAIR], at(minute))
            fresh = news.RedisSignals(client, window=WINDOW)
            fresh.refresh([PAIR], at(minute))
            assert running.readable(PAIR)
            pd.testing.assert_frame_equal(ordered(running), ordered(fresh))


def ordered(source: news.RedisSignals) -> pd.DataFrame:
    return source.signals(PAIR).sort_values(["article_id", "revision", "available_at"], ignore_index=True)
