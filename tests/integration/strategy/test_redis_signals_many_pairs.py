"""A thousand pairs at a bot's start: read in portions, so that each answer comes within the client's timeout."""

from __future__ import annotations

from collections.abc import Iterator

import cryptoboy_sentiment as news
import pytest
import redis
from cryptoboy_sentiment.store_reader import NEW_AT_ONCE

from tests.support.servers.servers import RedisServer
from tests.support.strategy.strategy_samples import at, message, milliseconds, signal, strategy_client

pytestmark = pytest.mark.integration

PAIRS = [f"COIN{number}/USDT" for number in range(2 * NEW_AT_ONCE + 1)]
NOW = at(120)


@pytest.fixture
def source(private_redis: RedisServer) -> Iterator[news.RedisSignals]:
    client = strategy_client(private_redis.host, private_redis.port)
    yield news.RedisSignals(client, window=NOW - at(-600), patience_s=30.0)
    client.close()


@pytest.fixture
def filled(store: redis.Redis) -> redis.Redis:
    for pair in PAIRS:
        put(store, pair, "first")
    return store


def put(store: redis.Redis, pair: str, article_id: str) -> None:
    one = signal(article_id, pair=pair)
    store.zadd(f"sentiment_signals:{pair}", {message(one): milliseconds(one.available_at)})


def scripts_run(store: redis.Redis) -> int:
    return int(store.info("commandstats").get("cmdstat_eval", {"calls": 0})["calls"])


def test_new_pairs_are_read_in_portions_and_known_ones_in_one_call(
    filled: redis.Redis, source: news.RedisSignals
) -> None:
    before = scripts_run(filled)
    source.refresh(PAIRS, NOW)
    assert all(source.readable(pair) for pair in PAIRS)
    assert {len(source.signals(pair)) for pair in PAIRS} == {1}
    assert scripts_run(filled) - before == 3
    put(filled, PAIRS[0], "second")
    source.refresh(PAIRS, NOW)
    assert all(source.readable(pair) for pair in PAIRS)
    assert len(source.signals(PAIRS[0])) == 2
    assert scripts_run(filled) - before == 4


def test_new_pairs_beside_known_ones_take_no_call_of_their_own_when_they_are_few(
    filled: redis.Redis, source: news.RedisSignals
) -> None:
    source.refresh(PAIRS[:-1], NOW)
    before = scripts_run(filled)
    source.refresh(PAIRS, NOW)
    assert source.readable(PAIRS[-1])
    assert scripts_run(filled) - before == 1
