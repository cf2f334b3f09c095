"""The service as a process: articles in, signals out, on either broker."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.common.broker.open import open_broker
from services.common.broker.port import Broker, OutgoingMessage
from services.common.broker.topology import NEWS_ARTICLE, RAW_NEWS_DATA, SENTIMENT_SIGNALS
from services.common.clock import SystemClock
from services.common.messages import NewsArticle, SentimentSignal, decode
from services.common.settings import PROJECT_ROOT, LogFormat, ScorerKind, Settings
from services.sentiment_analyzer.lexicon import LexiconScorer
from tests.scripted_ollama import MODEL, ScriptedOllama, chat_reply, error_reply
from tests.sentiment_fakes import article

PATIENCE_SECONDS = 60.0
BUSY = error_reply(503, "server busy")
GOOD = chat_reply(
    json.dumps({"BTC": {"reason": "It rises.", "event_type": "other", "score": 6, "confidence": 9}})
)


@pytest.fixture(params=["embedded", pytest.param("rabbitmq", marks=pytest.mark.integration)])
def settings(request: pytest.FixtureRequest) -> Settings:
    chosen: Settings = request.getfixturevalue(f"{request.param}_settings")
    return chosen.changed(sentiment_scorer=ScorerKind.LEXICON, health_port=0, log_format=LogFormat.JSON)


@pytest.fixture
def broker(settings: Settings) -> Iterator[Broker]:
    broker = open_broker(settings, SystemClock())
    broker.start()
    yield broker
    broker.close()


class Processor:
    """One run of the program."""

    def __init__(self, settings: Settings, log: Path) -> None:
        self._log = log
        with log.open("wb") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "services.sentiment_analyzer.sentiment_processor"],
                env={**os.environ, **settings.environment()},
                cwd=PROJECT_ROOT,
                stderr=stderr,
            )

    def events(self, name: str) -> list[dict[str, Any]]:
        lines = self._log.read_text().splitlines(keepends=True)
        return [
            event for line in lines if line.endswith("\n") and (event := json.loads(line))["event"] == name
        ]

    def health(self) -> tuple[int, dict[str, Any]]:
        answer = httpx.get(self.events("service_starting")[0]["health"], timeout=30, trust_env=False)
        return answer.status_code, answer.json()

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_SECONDS)


@contextmanager
def running(settings: Settings, folder: Path) -> Iterator[Processor]:
    processor = Processor(settings, folder / "log")
    try:
        eventually(lambda: bool(processor.events("service_starting")))
        yield processor
    finally:
        processor.process.kill()
        processor.process.wait()


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def publish(broker: Broker, *articles: NewsArticle) -> None:
    broker.publish([OutgoingMessage(NEWS_ARTICLE, each.encode(), each.article_id) for each in articles])


def receive(broker: Broker, count: int) -> list[SentimentSignal]:
    """The first so many signals, acknowledged."""
    signals: list[SentimentSignal] = []
    subscription = broker.subscribe(SENTIMENT_SIGNALS.name, 100)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(signals) < count:
        assert time.monotonic() < deadline, f"{len(signals)} of {count} signals came"
        deliveries = subscription.receive(count - len(signals), 1.0)
        signals += [decode(delivery.body, SentimentSignal) for delivery in deliveries]
        subscription.ack(deliveries)
    subscription.close()
    return signals


def ready(broker: Broker, queue: str) -> int:
    return sum(state.ready for state in broker.queues() if state.name == queue)


def test_articles_become_signals_and_what_is_no_article_a_dead_letter(
    settings: Settings, broker: Broker, tmp_path: Path
) -> None:
    rise = article("a1", "Bitcoin surges to record high")
    crash = article("a2", "Crypto market crashes as exchange is hacked")
    broker.publish([OutgoingMessage(NEWS_ARTICLE, b'{"type": "rumour"}', "odd")])
    publish(broker, rise, article("a0", "Museum opens late"), crash)

    with running(settings, tmp_path) as processor:
        signals = receive(broker, 4)
        eventually(lambda: ready(broker, RAW_NEWS_DATA.dead_letter_name) == 1)
        status, health = processor.health()
        assert processor.end() == 0

    assert [(each.article_id, each.pair, each.scope) for each in signals] == [
        ("a1", "BTC/USDT", "asset"),
        ("a2", "BTC/USDT", "market"),
        ("a2", "ETH/USDT", "market"),
        ("a2", "BNB/USDT", "market"),
    ]
    assert signals[0].sentiment_score > 0.7
    assert signals[1].sentiment_score < -0.5
    assert {each.model for each in signals} == {LexiconScorer().model}
    assert (status, health["status"]) == (200, "ok")
    assert set(health["dependencies"]) == {"broker", "scorer", "lag", "work"}
    assert ready(broker, RAW_NEWS_DATA.name) == 0


def test_news_waits_in_the_queue_while_the_model_server_is_away(
    settings: Settings, broker: Broker, tmp_path: Path
) -> None:
    with ScriptedOllama() as server:
        settings = settings.changed(
            sentiment_scorer=ScorerKind.OLLAMA, ollama_host=server.url, ollama_model=MODEL
        )
        with running(settings, tmp_path) as processor:
            eventually(lambda: bool(processor.events("service_ready")))
            server.usually("/api/chat", BUSY)
            publish(broker, article("a1"), article("a2"), article("a3"))
            eventually(lambda: bool(processor.events("scorer_away")))
            eventually(lambda: ready(broker, RAW_NEWS_DATA.name) == 3)
            status, health = processor.health()

            server.usually("/api/chat", GOOD)
            signals = receive(broker, 3)
            eventually(lambda: processor.health()[0] == 200)
            assert processor.end() == 0

    assert (status, health["status"], health["dependencies"]["scorer"]["status"]) == (503, "down", "down")
    assert {each.article_id for each in signals} == {"a1", "a2", "a3"}
    assert ready(broker, RAW_NEWS_DATA.retry_name) == 0


def test_a_model_server_without_the_model_ends_the_start_with_the_way_to_get_it(
    embedded_settings: Settings, tmp_path: Path
) -> None:
    with ScriptedOllama() as server:
        server.usually("/api/show", error_reply(404, f"model '{MODEL}' not found"))
        settings = embedded_settings.changed(
            sentiment_scorer=ScorerKind.OLLAMA,
            ollama_host=server.url,
            ollama_model=MODEL,
            health_port=0,
            log_format=LogFormat.JSON,
        )
        with running(settings, tmp_path) as processor:
            status = processor.process.wait(PATIENCE_SECONDS)

    assert status == os.EX_CONFIG
    assert f"ollama pull {MODEL}" in processor.events("service_cannot_work")[0]["error"]
