"""Attacks on the product, one file for each kind: what somebody tried, and that it does not do what it did."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.news.news_feed_server import FeedServer
from tests.support.servers.servers import RedisServer, running_redis


@pytest.fixture(scope="module")
def feeds() -> Iterator[FeedServer]:
    with FeedServer() as running:
        yield running


@pytest.fixture
def feed_server(feeds: FeedServer) -> FeedServer:
    """One of the module's own, which has not been asked anything yet."""
    feeds.requests.clear()
    return feeds


@pytest.fixture(scope="module")
def empty_redis() -> Iterator[RedisServer]:
    """One of the module's own."""
    with running_redis({}) as running:
        yield running


@pytest.fixture
def no_strategy_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """A strategy that is loaded in this process reads none of this machine's variables."""
    for name in ("REDIS_HOST", "REDIS_PORT", "REDIS_PASSWORD", "SENTIMENT_CSV", "STRATEGY_METRICS_PORT"):
        monkeypatch.delenv(name, raising=False)
