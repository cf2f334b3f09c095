"""A Redis that a test may empty, freeze and stop."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pandas as pd
import pytest
import redis

from tests.support.servers.servers import RedisServer, running_redis
from tests.support.strategy.strategy_live import MakeStrategy, candles_until_now, started_strategy


@pytest.fixture(scope="module")
def private_redis() -> Iterator[RedisServer]:
    """A real Redis of the module's own, never one of somebody else's: it is stopped in between."""
    with running_redis({}) as server:
        yield server


@pytest.fixture
def store(private_redis: RedisServer) -> Iterator[redis.Redis]:
    """The test's own access to it; when the test begins there is nothing in it but that holds are kept."""
    with redis.Redis(private_redis.host, private_redis.port, socket_timeout=10) as client:
        client.flushall()
        client.hset("trading:holds", "_kept", "2026-01-01T00:00:00+00:00")
        yield client


@pytest.fixture
def make(private_redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> MakeStrategy:
    """Makes strategies that have had their `bot_start`."""
    for name in ("REDIS_HOST", "REDIS_PORT", "REDIS_PASSWORD", "SENTIMENT_CSV", "STRATEGY_METRICS_PORT"):
        monkeypatch.delenv(name, raising=False)
    return partial(started_strategy, private_redis)


@pytest.fixture
def candles() -> pd.DataFrame:
    """Candles of which the last has just closed."""
    return candles_until_now()
