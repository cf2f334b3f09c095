"""The service as a process: articles in, signals out, on either broker."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.common.broker.open import open_broker
from services.common.broker.port import Broker, OutgoingMessage
from services.common.broker.topology import HISTORY, NEWS_ARTICLE, RAW_NEWS_DATA, SENTIMENT_SIGNALS
from services.common.clock import SystemClock
from services.common.messages import NewsArticle, NewsScored, SentimentSignal, decode
from services.common.settings.settings import PROJECT_ROOT, LogFormat, ScorerKind, Settings
from services.sentiment_analyzer.pipeline.refusals import MOST_REFUSED
from services.sentiment_analyzer.scorers.lexicon.scorer import LexiconScorer
from tests.support.broker.broker_house import receive_all
from tests.support.scoring import scripted_models as models
from tests.support.scoring.scripted_ollama import (
    MODEL,
    Answer,
    Reply,
    ScriptedOllama,
    chat_reply,
    error_reply,
    good_answer,
)
from tests.support.scoring.sentiment_fakes import article
from tests.support.waiting import eventually

PATIENCE_SECONDS = 60.0
BUSY = error_reply(503, "server busy")
GOOD = chat_reply(good_answer())


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


def results(broker: Broker, count: int) -> list[NewsScored]:
    """The first so many results of articles that are there for the history."""
    subscription = broker.subscribe(HISTORY.name, 100)
    bodies = (delivery.body for delivery in receive_all(subscription, 2 * count))
    found = [decode(body, NewsScored) for body in bodies if b'"news_scored"' in body]
    subscription.close()
    return found


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
    assert {each.article_id: each.outcome for each in results(broker, 4)} == {
        "odd": "dead_lettered",
        "a1": "scored",
        "a0": "off_topic",
        "a2": "scored",
    }
    assert signals[1].sentiment_score < -0.5
    assert {each.model for each in signals} == {LexiconScorer().model}
    assert (status, health["status"]) == (200, "ok")
    assert set(health["dependencies"]) == {"broker", "scorer", "lag", "results", "work"}
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


@pytest.fixture
def model_server() -> Iterator[ScriptedOllama]:
    with ScriptedOllama() as server:
        yield server


@pytest.fixture
def with_ollama(embedded_settings: Settings, model_server: ScriptedOllama) -> Settings:
    return embedded_settings.changed(
        sentiment_scorer=ScorerKind.OLLAMA,
        ollama_host=model_server.url,
        ollama_model=MODEL,
        health_port=0,
        log_format=LogFormat.JSON,
    )


@pytest.fixture
def with_openai(embedded_settings: Settings, model_server: ScriptedOllama) -> Settings:
    return embedded_settings.changed(
        sentiment_scorer=ScorerKind.OPENAI,
        openai_base_url=f"{model_server.url}/v1",
        openai_model=MODEL,
        health_port=0,
        log_format=LogFormat.JSON,
    )


@pytest.fixture
def embedded(embedded_settings: Settings) -> Iterator[Broker]:
    broker = open_broker(embedded_settings, SystemClock())
    broker.start()
    yield broker
    broker.close()


def scorer_of(processor: Processor) -> str:
    """What `/health` says of the scorer; empty while it is well."""
    part = processor.health()[1]["dependencies"]["scorer"]
    return "" if part["status"] == "ok" else str(part["detail"])


def test_a_model_that_is_not_there_at_the_start_lets_news_wait_and_scoring_begins_when_it_is_pulled(
    with_ollama: Settings, embedded: Broker, model_server: ScriptedOllama, tmp_path: Path
) -> None:
    model_server.usually("/api/show", error_reply(404, f"model '{MODEL}' not found"))
    model_server.usually("/api/chat", GOOD)
    publish(embedded, article("a1"))

    with running(with_ollama, tmp_path) as processor:
        eventually(lambda: f"ollama pull {MODEL}" in scorer_of(processor))
        waiting = processor.health()
        model_server.usually("/api/show", Reply(body=b'{"details": {}, "model_info": {}}'))
        signals = receive(embedded, 1)
        assert processor.end() == 0

    assert (waiting[0], waiting[1]["status"]) == (503, "starting")
    assert [each.article_id for each in signals] == ["a1"]


@pytest.mark.parametrize(
    "answer",
    [
        models.without_system_role,
        models.refusing("response_format", "failed to parse grammar"),
        models.strict_about_room(500),
        models.reasoning_before_it_answers(500),
        models.answering_in_parts,
    ],
)
def test_a_server_of_another_kind_scores_all_news(
    with_openai: Settings, embedded: Broker, model_server: ScriptedOllama, tmp_path: Path, answer: Answer
) -> None:
    model_server.usually("/v1/chat/completions", answer)
    model_server.usually("/v1/models", Reply(body=b'{"data": [{"id": "models/another"}]}'))
    publish(embedded, *(article(f"a{number}") for number in range(3)))

    with running(with_openai, tmp_path) as processor:
        signals = receive(embedded, 3)
        assert processor.end() == 0

    assert {each.sentiment_score for each in signals} == {0.7}
    assert ready(embedded, RAW_NEWS_DATA.dead_letter_name) == 0


@pytest.mark.parametrize(
    "trouble",
    [
        (models.refusing("messages", "this model cannot chat"), "set the model to a chat model"),
        (models.reasoning_for_ever, "OPENAI_MAX_TOKENS"),
        (models.declining, "declines"),
        (Reply(body=b"<html>Sign in</html>"), "does not speak OpenAI's protocol"),
    ],
)
def test_a_server_that_refuses_everything_from_some_time_on_costs_no_article(
    with_openai: Settings,
    embedded: Broker,
    model_server: ScriptedOllama,
    tmp_path: Path,
    trouble: tuple[Answer | Reply, str],
) -> None:
    refuses, says = trouble
    model_server.usually("/v1/chat/completions", models.well)

    with running(with_openai, tmp_path) as processor:
        eventually(lambda: bool(processor.events("service_ready")))
        model_server.usually("/v1/chat/completions", refuses)
        publish(embedded, *(article(f"a{number}", f"Bitcoin rises {number}") for number in range(14)))
        eventually(lambda: says in scorer_of(processor))
        eventually(lambda: ready(embedded, RAW_NEWS_DATA.name) == 14)
        assert processor.health()[0] == 503
        assert processor.end() == 0

    model_server.usually("/v1/chat/completions", models.well)
    (tmp_path / "again").mkdir()
    with running(with_openai, tmp_path / "again") as processor:
        signals = receive(embedded, 14)
        assert processor.end() == 0

    assert {each.article_id for each in signals} == {f"a{number}" for number in range(14)}
    assert ready(embedded, RAW_NEWS_DATA.dead_letter_name) == 0


def test_a_server_that_refuses_all_articles_but_the_sample_lets_most_of_them_wait_and_goes_on_by_itself(
    with_openai: Settings, embedded: Broker, model_server: ScriptedOllama, tmp_path: Path
) -> None:
    def small_context(body: models.Body) -> Reply:
        is_sample = "record inflows" in body["messages"][-1]["content"]
        return models.well(body) if is_sample else models.refusal("exceeds the available context size")

    model_server.usually("/v1/chat/completions", small_context)
    publish(embedded, *(article(f"a{number}", f"Bitcoin rises {number}") for number in range(20)))

    with running(with_openai.changed(sentiment_concurrency=1), tmp_path) as processor:
        eventually(lambda: "refused 10 of the last 12 articles" in scorer_of(processor))
        given_up = ready(embedded, RAW_NEWS_DATA.dead_letter_name)
        model_server.usually("/v1/chat/completions", models.well)
        signals = receive(embedded, 20 - given_up)
        eventually(lambda: processor.health()[0] == 200)
        assert processor.end() == 0

    assert given_up == MOST_REFUSED - 1
    assert len({each.article_id for each in signals}) == 20 - given_up
