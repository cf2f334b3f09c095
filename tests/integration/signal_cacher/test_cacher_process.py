"""The service as a process, on a real Redis that goes away and comes back while messages flow."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis

from services.common.broker.open import open_broker
from services.common.broker.port import Broker, OutgoingMessage
from services.common.broker.topology import SENTIMENT_SIGNAL, SENTIMENT_SIGNALS
from services.common.clock import SystemClock
from services.common.messages import SentimentSignal
from services.common.settings.settings import BrokerKind, Settings
from tests.support.servers.server_control import free_ports
from tests.support.servers.servers import RedisServer
from tests.support.store.store_samples import PAIR, make_signal
from tests.support.waiting import eventually

pytestmark = pytest.mark.integration
PATIENCE_SECONDS = 60.0
LOG = "cacher.log"


@pytest.fixture
def settings(redis_settings: Settings, tmp_path: Path) -> Settings:
    return redis_settings.changed(
        broker=BrokerKind.EMBEDDED, state_dir=tmp_path, health_port=free_ports(1)[0], redis_timeout=1.0
    )


@pytest.fixture
def broker(settings: Settings) -> Iterator[Broker]:
    with closing(open_broker(settings, SystemClock())) as opened:
        opened.start()
        yield opened


@pytest.fixture
def raw(redis_server: RedisServer) -> Iterator[Any]:
    """A client of a Redis that keeps its content when it is stopped."""
    client = redis.Redis(redis_server.host, redis_server.port, password=redis_server.password)
    client.config_set("save", "3600 1")
    yield client
    try:
        client.ping()
    except redis.ConnectionError:
        redis_server.control.start()
    client.flushall()
    client.save()
    client.close()


@pytest.fixture
def cacher(settings: Settings, raw: Any) -> Iterator[subprocess.Popen[bytes]]:
    inherited = {
        name: value for name, value in os.environ.items() if name.lower() not in Settings.model_fields
    }
    command = [sys.executable, "-m", "services.signal_cacher.signal_cacher"]
    with (settings.state_dir / LOG).open("wb") as output:
        process = subprocess.Popen(command, env={**inherited, **settings.environment()}, stderr=output)
        yield process
        process.kill()
        process.wait()


def publish(broker: Broker, numbers: range) -> None:
    signals = [make_signal(f"n{i:05}", minutes_old=i / 10) for i in numbers]
    broker.publish([OutgoingMessage(SENTIMENT_SIGNAL, each.encode(), each.article_id) for each in signals])


def cached(raw: Any) -> int:
    try:
        return int(raw.zcard(f"sentiment_signals:{PAIR}"))
    except redis.ConnectionError:
        return -1


def health(settings: Settings) -> tuple[int, dict[str, Any]]:
    try:
        answer = httpx.get(f"http://127.0.0.1:{settings.health_port}/health", timeout=30, trust_env=False)
    except httpx.TransportError:
        return 0, {}
    return answer.status_code, answer.json()["dependencies"]


def waiting(broker: Broker, name: str) -> int:
    (state,) = (each for each in broker.queues() if each.name == name)
    return state.ready + (state.unacknowledged or 0)


def test_nothing_is_lost_when_redis_is_stopped_and_started_while_messages_flow(
    settings: Settings,
    broker: Broker,
    redis_server: RedisServer,
    raw: Any,
    cacher: subprocess.Popen[bytes],
) -> None:
    eventually(lambda: health(settings)[0] == httpx.codes.OK)
    assert set(health(settings)[1]) == {"broker", "redis", "lag", "holds", "redis_memory", "work"}
    publish(broker, range(2000))
    broker.publish([OutgoingMessage(SENTIMENT_SIGNAL, b"not json", "bad")])
    eventually(lambda: cached(raw) > 0)

    redis_server.control.stop()
    publish(broker, range(2000, 2500))
    answers: list[tuple[int, dict[str, Any]]] = []

    def unavailable() -> bool:
        answers.append(health(settings))
        return answers[-1][0] == httpx.codes.SERVICE_UNAVAILABLE

    eventually(unavailable)
    assert answers[-1][1]["redis"]["status"] == "down"
    assert answers[-1][1]["broker"]["status"] == "ok"
    assert cacher.poll() is None

    redis_server.control.start()
    eventually(lambda: cached(raw) == 2500)
    eventually(lambda: waiting(broker, SENTIMENT_SIGNALS.name) == 0)
    assert waiting(broker, SENTIMENT_SIGNALS.dead_letter_name) == 1
    newest = SentimentSignal.model_validate_json(raw.lindex(f"sentiment_history:{PAIR}", 0))
    assert newest.article_id == "n00000"
    eventually(lambda: health(settings)[0] == httpx.codes.OK)

    cacher.send_signal(signal.SIGTERM)
    assert cacher.wait(PATIENCE_SECONDS) == 0
    assert "Traceback" not in (settings.state_dir / LOG).read_text()
