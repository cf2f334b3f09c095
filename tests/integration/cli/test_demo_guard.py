"""A demo keeps out of a system that trades."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
import redis

from services.cli.demo_guard import refuse_busy_queues, take_store
from services.common.broker.open import open_broker
from services.common.broker.topology import RAW_NEWS_DATA
from services.common.clock import SystemClock
from services.common.errors import StopProgram, TryLater
from services.common.settings import Settings

pytestmark = pytest.mark.integration
PAIRS = ("BTC/USDT", "ETH/USDT")


@pytest.fixture
def client(redis_settings: Settings) -> Iterator[Any]:
    with redis.Redis(redis_settings.redis_host, redis_settings.redis_port, decode_responses=True) as opened:
        yield opened


def test_sentiment_that_no_demo_wrote_is_left_alone(redis_settings: Settings, client: Any) -> None:
    client.hset("sentiment:ETH/USDT", mapping={"score": "0.5"})
    with pytest.raises(StopProgram, match="holds sentiment for ETH/USDT that no demo wrote"):
        take_store(redis_settings, PAIRS)
    assert client.hgetall("sentiment:ETH/USDT") == {"score": "0.5"}


def test_what_an_earlier_demo_left_is_removed_and_nothing_else(redis_settings: Settings, client: Any) -> None:
    client.hset("sentiment:SOL/USDT", mapping={"score": "0.1"})
    take_store(redis_settings, PAIRS)
    client.hset("sentiment:BTC/USDT", mapping={"score": "0.9"})
    client.lpush("sentiment_history:BTC/USDT", "{}")
    take_store(redis_settings, PAIRS)
    assert not client.exists("sentiment:BTC/USDT", "sentiment_history:BTC/USDT")
    assert client.exists("sentiment:SOL/USDT")


def test_a_redis_that_is_away_is_told_without_its_password(redis_settings: Settings) -> None:
    with pytest.raises(TryLater) as raised:
        take_store(redis_settings.changed(redis_port=1, redis_password="hidden"), PAIRS)
    assert "hidden" not in str(raised.value)


def test_queues_that_somebody_reads_are_refused(embedded_settings: Settings) -> None:
    with closing(open_broker(embedded_settings, SystemClock())) as broker:
        broker.start()
        refuse_busy_queues(broker)
        subscription = broker.subscribe(RAW_NEWS_DATA.name, 1)
        with pytest.raises(StopProgram, match="raw_news_data has 1 consumer"):
            refuse_busy_queues(broker)
        subscription.close()
        refuse_busy_queues(broker)
