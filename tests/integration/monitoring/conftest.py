"""The whole pipeline as processes, a strategy, and a Prometheus that watches them with what deploy/ says."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis
from pydantic import SecretStr

from services.common.broker.open import open_broker
from services.common.clock import SystemClock
from services.common.settings import PROJECT_ROOT, BrokerKind, ScorerKind, Settings
from services.replay_exchange.ccxt_config import ccxt_config
from tests.chaos_pipeline import Pipeline, Story
from tests.news_feed_server import FeedServer
from tests.prometheus_server import Monitoring, running_monitoring
from tests.rabbitmq_management import Management
from tests.replay_samples import RECORDED, rising_bars, series_of, write_feather
from tests.server_control import free_ports
from tests.servers import RabbitServer, RedisServer, running_redis
from tests.strategy_live import analysed, candles_until_now, started_strategy

STORY = Story("Bitcoin surges to a record after ETF inflows", scored=True)
SECONDS_RECORDED = 900
SERVICES = ("signal_cacher", "sentiment_processor", "news_poller", "market_streamer")


@dataclass(frozen=True)
class Plant:
    """Everything that runs; one article has gone from the feed to the strategy."""

    pipeline: Pipeline
    monitoring: Monitoring
    strategy: Any


@pytest.fixture(scope="session")
def watched_redis() -> Iterator[RedisServer]:
    """A Redis of the plant's own."""
    with running_redis({}) as server:
        yield server


@pytest.fixture(scope="session")
def plant(
    rabbitmq: RabbitServer, watched_redis: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Plant]:
    """Started once for all tests that look at it."""
    folder = tmp_path_factory.mktemp("plant")
    with ExitStack() as running:
        vhost = f"test-{uuid.uuid4().hex[:12]}"
        management = running.enter_context(Management(rabbitmq))
        management.create_vhost(vhost)
        running.callback(management.delete_vhost, vhost)
        exchange = running.enter_context(_exchange(folder / "candles"))
        settings = _settings(rabbitmq, watched_redis, vhost, folder).changed(
            exchange_config=ccxt_config(exchange), candle_timeframe="1s"
        )
        broker = running.enter_context(closing(open_broker(settings, SystemClock())))
        broker.start()
        feeds = running.enter_context(FeedServer())
        client = running.enter_context(redis.Redis(watched_redis.host, watched_redis.port))
        pipeline = Pipeline(settings, folder, feeds, broker, client)
        running.callback(pipeline.close)
        flow = pipeline.feed([STORY])
        pipeline.start(*SERVICES)
        flow.begin()
        pipeline.wait_for_cached(1)
        (metrics_port,) = free_ports(1)
        strategy = started_strategy(watched_redis, metrics_port=metrics_port)
        analysed(strategy, candles_until_now(further=1))  # the candle that the article belongs to
        targets = {name.replace("_", "-"): [_port(pipeline, name)] for name in SERVICES}
        targets |= {job: [rabbitmq.prometheus_port] for job in ("rabbitmq", "rabbitmq-queues")}
        targets["freqtrade"] = [metrics_port]
        monitoring = running.enter_context(running_monitoring(targets, folder / "monitoring"))
        yield Plant(pipeline, monitoring, strategy)


@contextmanager
def _exchange(folder: Path) -> Iterator[str]:
    """The address of a replay exchange with candles of one second."""
    folder.mkdir()
    write_feather(series_of(rising_bars(SECONDS_RECORDED), base_ms=1_000), folder, "1s")
    start = datetime.fromtimestamp(RECORDED / 1000 + 60, UTC).isoformat()
    options = ["--candles", str(folder), "--timeframe", "1s", "--start", start]
    with subprocess.Popen(
        [sys.executable, "-m", "services.replay_exchange.replay_exchange", *options],
        cwd=PROJECT_ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield str(json.loads(process.stdout.readline())["url"])
        process.kill()


def _settings(rabbitmq: RabbitServer, store: RedisServer, vhost: str, folder: Path) -> Settings:
    return Settings(
        broker=BrokerKind.RABBITMQ,
        rabbitmq_host=rabbitmq.host,
        rabbitmq_port=rabbitmq.port,
        rabbitmq_user=rabbitmq.user,
        rabbitmq_pass=SecretStr(rabbitmq.password),
        rabbitmq_vhost=vhost,
        redis_host=store.host,
        redis_port=store.port,
        state_dir=folder,
        sentiment_scorer=ScorerKind.LEXICON,
    )


def _port(pipeline: Pipeline, name: str) -> int:
    (event,) = pipeline.services[name].events("service_starting")
    return urlsplit(event["health"]).port or 0
