"""Servers of this folder's own, which its tests stop, starve and cut off."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis

from services.common.broker.open import open_broker
from services.common.broker.port import Broker
from services.common.clock import SystemClock
from services.common.settings.settings import ScorerKind, Settings
from tests.support.news.news_feed_server import FeedServer
from tests.support.pipeline import chaos_pipeline
from tests.support.pipeline.chaos_pipeline import Pipeline
from tests.support.scoring.scripted_ollama import ScriptedOllama, chat_reply, good_answer
from tests.support.servers.servers import RabbitServer, RedisServer
from tests.support.servers.tcp_proxy import TcpProxy


@pytest.fixture
def queue_max_length() -> int:
    """Where a queue refuses; a test that wants another parametrises it."""
    return 100_000


@pytest.fixture
def direct_settings(
    rabbitmq_settings: Settings, redis_server: RedisServer, queue_max_length: int
) -> Settings:
    """Settings that lead straight to the servers."""
    return rabbitmq_settings.changed(
        queue_max_length=queue_max_length,
        redis_host=redis_server.host,
        redis_port=redis_server.port,
        sentiment_scorer=ScorerKind.LEXICON,
    )


@pytest.fixture
def rabbit_proxy(rabbitmq: RabbitServer) -> Iterator[TcpProxy]:
    with TcpProxy(rabbitmq.host, rabbitmq.port) as proxy:
        yield proxy


@pytest.fixture
def redis_proxy(redis_server: RedisServer) -> Iterator[TcpProxy]:
    with TcpProxy(redis_server.host, redis_server.port) as proxy:
        yield proxy


@pytest.fixture
def feeds() -> Iterator[FeedServer]:
    with FeedServer() as server:
        yield server


@pytest.fixture
def broker(direct_settings: Settings) -> Iterator[Broker]:
    """A connection that no proxy disturbs."""
    with closing(open_broker(direct_settings, SystemClock())) as opened:
        opened.start()
        yield opened


@pytest.fixture
def raw(redis_server: RedisServer) -> Iterator[Any]:
    """A client of a Redis that keeps its content when it is stopped."""
    client = redis.Redis(redis_server.host, redis_server.port, password=redis_server.password)
    client.config_set("save", "3600 1")
    yield client
    client.flushall()
    client.close()


@pytest.fixture
def proxied_settings(direct_settings: Settings, rabbit_proxy: TcpProxy, redis_proxy: TcpProxy) -> Settings:
    """Settings that lead to each server through its proxy."""
    return direct_settings.changed(
        rabbitmq_host=rabbit_proxy.host,
        rabbitmq_port=rabbit_proxy.port,
        redis_host=redis_proxy.host,
        redis_port=redis_proxy.port,
    )


@pytest.fixture
def pipeline(
    proxied_settings: Settings, tmp_path: Path, feeds: FeedServer, broker: Broker, raw: Any
) -> Iterator[Pipeline]:
    """On RabbitMQ and Redis, each behind a proxy. Nothing is started yet."""
    built = Pipeline(proxied_settings, tmp_path, feeds, broker, raw)
    yield built
    built.close()


@pytest.fixture
def embedded_pipeline(
    redis_server: RedisServer, tmp_path: Path, feeds: FeedServer, raw: Any, queue_max_length: int
) -> Iterator[Pipeline]:
    with chaos_pipeline.embedded_pipeline(
        tmp_path, tmp_path, redis_server, feeds, raw, queue_max_length=queue_max_length
    ) as built:
        yield built


@pytest.fixture
def model_server() -> Iterator[ScriptedOllama]:
    """Finds good news in every article."""
    with ScriptedOllama() as running:
        running.usually("/api/chat", chat_reply(good_answer()))
        yield running


@pytest.fixture
def model_way(model_server: ScriptedOllama) -> Iterator[TcpProxy]:
    address = urlsplit(model_server.url)
    with TcpProxy(str(address.hostname), int(address.port or 0)) as proxy:
        yield proxy
