"""The service as a process, on a real Redis and on both brokers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.common.broker.open import open_broker
from services.common.broker.port import Broker, OutgoingMessage
from services.common.broker.topology import HISTORY, MARKET_CANDLE, NEWS_ARTICLE, NEWS_SCORED
from services.common.clock import SystemClock
from services.common.history.open import open_reader
from services.common.history.port import HistoryReader
from services.common.messages import CandleData, MarketData, NewsArticle, NewsScored
from services.common.settings.settings import BrokerKind, Settings
from services.common.store.holds import Hold
from services.common.store.open import open_store
from tests.support.servers.server_control import free_ports
from tests.support.store.store_samples import PAIR, make_signal
from tests.support.waiting import eventually

pytestmark = pytest.mark.integration
PATIENCE_SECONDS = 60.0
NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(params=["embedded", "rabbitmq"])
def settings(request: pytest.FixtureRequest, redis_settings: Settings, tmp_path: Path) -> Settings:
    common = {"state_dir": tmp_path, "health_port": free_ports(1)[0]}
    if request.param == "embedded":
        return redis_settings.changed(broker=BrokerKind.EMBEDDED, **common)
    rabbitmq: Settings = request.getfixturevalue("rabbitmq_settings")
    return rabbitmq.changed(
        redis_host=redis_settings.redis_host,
        redis_port=redis_settings.redis_port,
        redis_password=redis_settings.redis_password,
        **common,
    )


@pytest.fixture
def broker(settings: Settings) -> Iterator[Broker]:
    with closing(open_broker(settings, SystemClock())) as opened:
        opened.start()
        yield opened


@pytest.fixture
def history(settings: Settings) -> Iterator[HistoryReader]:
    with closing(open_reader(settings)) as opened:
        yield opened


@contextmanager
def recording(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    inherited = {
        name: value for name, value in os.environ.items() if name.lower() not in Settings.model_fields
    }
    command = [sys.executable, "-m", "services.history_recorder.history_recorder"]
    with (settings.state_dir / "recorder.log").open("ab") as output:
        process = subprocess.Popen(command, env={**inherited, **settings.environment()}, stderr=output)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def messages(number: int) -> list[OutgoingMessage]:
    """An article, how its processing ended, and a candle."""
    id_, opened = f"n{number:05}", NOW - timedelta(minutes=15 * (number + 1))
    article = NewsArticle(
        article_id=id_, source="coindesk", title="t", link="", published=NOW, fetched_at=NOW
    )
    scored = NewsScored(article_id=id_, outcome="scored", scored_at=NOW)
    candle = MarketData(
        source="binance",
        symbol=PAIR,
        timeframe="15m",
        timestamp=opened,
        timestamp_ms=int(opened.timestamp() * 1000),
        data=CandleData(open=1, high=2, low=1, close=2, volume=3),
        collected_at=NOW,
    )
    keys = (NEWS_ARTICLE, NEWS_SCORED, MARKET_CANDLE)
    return [
        OutgoingMessage(key, message.encode(), f"{id_}{key}")
        for key, message in zip(keys, (article, scored, candle), strict=True)
    ]


def waiting(broker: Broker) -> int:
    (state,) = (each for each in broker.queues() if each.name == HISTORY.name)
    return state.ready + (state.unacknowledged or 0)


def health(settings: Settings) -> dict[str, Any]:
    try:
        answer = httpx.get(f"http://127.0.0.1:{settings.health_port}/health", timeout=30, trust_env=False)
    except httpx.TransportError:
        return {}
    return {"code": answer.status_code, **answer.json()["dependencies"]}


def test_what_the_pipeline_and_the_store_have_is_recorded_once_and_after_a_restart_too(
    settings: Settings, broker: Broker, history: HistoryReader
) -> None:
    published = [message for number in range(40) for message in messages(number)]
    store = open_store(settings)
    store.holds.resume((), NOW)  # before, entries are refused, which would be recorded too
    with closing(store), recording(settings) as recorder:
        eventually(lambda: health(settings).get("code") == httpx.codes.OK)
        store.write([make_signal("n00000"), make_signal("n00001")], datetime.now(UTC))
        broker.publish([*published, *published[:10], OutgoingMessage(NEWS_ARTICLE, b"not json", "bad")])
        store.holds.set(Hold("risk", "three losses", NOW))
        eventually(lambda: history.counts().get("candles") == 40 and waiting(broker) == 0)
        eventually(lambda: len(history.holds().rows) == 1)
        recorder.send_signal(signal.SIGTERM)
        assert recorder.wait(PATIENCE_SECONDS) == 0

        broker.publish([*messages(40), *published[:10]])
        store.write([make_signal("n00002")], datetime.now(UTC))
        store.holds.lift("risk")
    with recording(settings):
        eventually(lambda: history.counts().get("signals") == 3 and waiting(broker) == 0)
        eventually(lambda: len(history.holds().rows) == 2)

    counts = history.counts()
    assert {name: counts[name] for name in ("articles", "scorings", "candles", "signals")} == {
        "articles": 41,
        "scorings": 41,
        "candles": 41,
        "signals": 3,
    }
    assert [(row.owner, row.action.value) for row in history.holds().rows] == [
        ("risk", "lifted"),
        ("risk", "set"),
    ]
    log = (settings.state_dir / "recorder.log").read_text()
    assert log.count("not_recorded") == 1
    assert "Traceback" not in log
