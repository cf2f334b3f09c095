"""The whole pipeline as processes, a model, a strategy, and a Prometheus that watches them with what deploy/ says."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import redis
from pydantic import SecretStr

from services.common.broker.open import open_broker
from services.common.clock import SystemClock
from services.common.services import SERVICES
from services.common.settings.settings import PROJECT_ROOT, Settings
from services.replay_exchange.ccxt_config import ccxt_config
from tests.support.broker.rabbitmq_management import Management
from tests.support.market.replay_samples import RECORDED, rising_bars, series_of, write_feather
from tests.support.monitoring.prometheus_server import Monitoring, running_monitoring
from tests.support.news.news_feed_server import FeedServer
from tests.support.notifier.receiver import receiver
from tests.support.pipeline.chaos_pipeline import Pipeline, Service, Story
from tests.support.scoring.scripted_ollama import MODEL, ScriptedOllama, chat_reply
from tests.support.servers.server_control import free_ports
from tests.support.servers.servers import RabbitServer, RedisServer
from tests.support.servers.tcp_proxy import TcpProxy
from tests.support.strategy.strategy_live import analysed, candles_until_now, started_strategy

STORY = Story("Bitcoin surges to a record after ETF inflows", scored=True)
SECONDS_RECORDED = 900
SCORE = {"reason": "Money flows in.", "event_type": "adoption", "score": 8, "confidence": 9}


@dataclass(frozen=True)
class Plant:
    """Everything that runs; the first story has gone from the feed to the strategy.

    Attributes:
        model: on the way to the model's server.
        exchange: on the way to the exchange.
    """

    pipeline: Pipeline
    monitoring: Monitoring
    strategy: Any
    model: TcpProxy
    exchange: TcpProxy


@contextmanager
def running_plant(
    rabbitmq: RabbitServer,
    store: RedisServer,
    folder: Path,
    stories: Sequence[Story] = (STORY,),
    per_second: float = 120.0,
) -> Iterator[Plant]:
    """All of it, for as long as the context lasts.

    Args:
        folder: where it may write.
        stories: what the feed tells, so many a second.
    """
    with ExitStack() as running:
        vhost = f"test-{uuid.uuid4().hex[:12]}"
        management = running.enter_context(Management(rabbitmq))
        management.create_vhost(vhost)
        running.callback(management.delete_vhost, vhost)
        exchange = running.enter_context(_proxy(running.enter_context(_exchange(folder / "candles"))))
        ollama = running.enter_context(ScriptedOllama())
        ollama.usually("/api/chat", chat_reply(json.dumps({"BTC": SCORE})))
        model = running.enter_context(_proxy(ollama.url))
        settings = Settings(**rabbitmq.settings(vhost), **store.settings(), state_dir=folder).changed(
            exchange_config=ccxt_config(f"http://{exchange.host}:{exchange.port}"),
            candle_timeframe="1s",
            ollama_host=f"http://{model.host}:{model.port}",
            ollama_model=MODEL,
            notify_urls=SecretStr(f"phone={running.enter_context(receiver()).url}"),
        )
        broker = running.enter_context(closing(open_broker(settings, SystemClock())))
        broker.start()
        feeds = running.enter_context(FeedServer())
        client = running.enter_context(redis.Redis(store.host, store.port))
        pipeline = Pipeline(settings, folder, feeds, broker, client)
        running.callback(pipeline.close)
        flow = pipeline.feed(stories, per_second)
        ports = dict(zip(SERVICES, free_ports(len(SERVICES)), strict=True))
        _start_services(pipeline, folder, ports)
        flow.begin()
        pipeline.wait_for_cached(1)
        (metrics_port,) = free_ports(1)
        strategy = started_strategy(store, metrics_port=metrics_port)
        analysed(strategy, candles_until_now(further=1))  # the candle that the story belongs to
        targets = {name.replace("_", "-"): [port] for name, port in ports.items()}
        targets |= {job: [rabbitmq.prometheus_port] for job in ("rabbitmq", "rabbitmq-queues")}
        targets["freqtrade"] = [metrics_port]
        monitoring = running.enter_context(running_monitoring(targets, folder / "monitoring"))
        yield Plant(pipeline, monitoring, strategy, model, exchange)


def _start_services(pipeline: Pipeline, folder: Path, ports: dict[str, int]) -> None:
    """On ports that stay theirs when they are started again."""
    for name, port in ports.items():
        state = folder / f"state-{name}"
        state.mkdir()
        service = Service(name, pipeline.settings.changed(state_dir=state, health_port=port), folder)
        pipeline.services[name] = service
        service.start()
    for service in pipeline.services.values():
        service.wait_ready()


def _proxy(url: str) -> TcpProxy:
    address = urlsplit(url)
    return TcpProxy(str(address.hostname), int(address.port or 0))


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
        try:
            yield str(json.loads(process.stdout.readline())["url"])
        finally:
            process.kill()
