"""Services whose messages nearly all become dead letters, as processes on either broker."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.common.broker.open import open_broker
from services.common.broker.port import Broker, OutgoingMessage
from services.common.broker.topology import RAW_NEWS_DATA, SENTIMENT_SIGNALS
from services.common.clock import SystemClock
from services.common.services import SERVICES
from services.common.settings.settings import PROJECT_ROOT, LogFormat, ScorerKind, Settings
from tests.support.broker.broker_house import depth
from tests.support.scoring.sentiment_fakes import article
from tests.support.servers.server_control import free_ports
from tests.support.store.store_samples import make_signal
from tests.support.waiting import eventually

PATIENCE_SECONDS = 60.0
SOUND = {
    "signal_cacher": (SENTIMENT_SIGNALS, make_signal("a").encode()),
    "sentiment_processor": (RAW_NEWS_DATA, article("a", "Museum opens late").encode()),
}
"""By service: the queue that it reads, and a message that it understands."""


@pytest.fixture(params=["embedded", pytest.param("rabbitmq", marks=pytest.mark.integration)])
def settings(request: pytest.FixtureRequest, redis_settings: Settings) -> Settings:
    chosen: Settings = request.getfixturevalue(f"{request.param}_settings")
    return chosen.changed(
        sentiment_scorer=ScorerKind.LEXICON,
        health_port=free_ports(1)[0],
        log_format=LogFormat.JSON,
        redis_host=redis_settings.redis_host,
        redis_port=redis_settings.redis_port,
        redis_password=redis_settings.redis_password,
    )


@pytest.fixture
def broker(settings: Settings) -> Iterator[Broker]:
    with closing(open_broker(settings, SystemClock())) as opened:
        opened.start()
        yield opened


@contextmanager
def running(name: str, settings: Settings, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    inherited = {key: value for key, value in os.environ.items() if key.lower() not in Settings.model_fields}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", SERVICES[name].module],
            env={**inherited, **settings.environment()},
            cwd=PROJECT_ROOT,
            stderr=output,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def health(settings: Settings) -> tuple[int, str]:
    """The status, and what is said of the broker."""
    try:
        answer = httpx.get(f"http://127.0.0.1:{settings.health_port}/health", timeout=30, trust_env=False)
    except httpx.TransportError:
        return 0, ""
    return answer.status_code, answer.json()["dependencies"]["broker"]["detail"]


def events(log: Path, name: str) -> list[dict[str, Any]]:
    lines = log.read_text().splitlines(keepends=True)
    return [event for line in lines if line.endswith("\n") and (event := json.loads(line))["event"] == name]


@pytest.mark.parametrize("name", SOUND)
def test_a_reader_that_understands_nothing_leaves_the_queue_alone_and_says_so_until_it_is_started_again(
    settings: Settings, broker: Broker, tmp_path: Path, name: str
) -> None:
    queue, sound = SOUND[name]
    messages = [OutgoingMessage(queue.name, b'{"type": "of the next version"}', f"n{i}") for i in range(24)]
    broker.publish([*messages, OutgoingMessage(queue.name, sound, "sound")])
    log = tmp_path / "log"

    with running(name, settings, log) as process:
        eventually(lambda: "is not read any more" in health(settings)[1])
        assert health(settings)[0] == httpx.codes.SERVICE_UNAVAILABLE
        eventually(lambda: depth(broker, queue.name) == 15)
        assert depth(broker, queue.dead_letter_name) == 10
        (stopped,) = events(log, "consuming_stopped")
        assert stopped["level"] == "error"
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_SECONDS) == 0
    assert depth(broker, queue.name) == 15

    with running(name, settings.changed(dead_letter_limit=0), log):
        eventually(lambda: depth(broker, queue.dead_letter_name) == 24)
        eventually(lambda: depth(broker, queue.name) == 0)
        assert health(settings)[0] == httpx.codes.OK
