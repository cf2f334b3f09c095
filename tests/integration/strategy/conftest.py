"""A Redis that a test may empty, freeze and stop."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis

from tests.servers import RedisServer, running_redis


@pytest.fixture(scope="module")
def private_redis() -> Iterator[RedisServer]:
    """A real Redis of the module's own, never one of somebody else's: it is stopped in between."""
    with running_redis({}) as server:
        yield server


@pytest.fixture
def store(private_redis: RedisServer) -> Iterator[redis.Redis]:
    """The test's own access to it; the database is empty when the test begins."""
    with redis.Redis(private_redis.host, private_redis.port, socket_timeout=10) as client:
        client.flushall()
        yield client
