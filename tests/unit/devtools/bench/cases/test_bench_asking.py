"""The bench of a language model's server: both sides ask the same, and the stand-in answers what is asked for."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import pytest

from devtools.bench.cases.asking import chat_request
from devtools.bench.processes import sum_of
from devtools.bench.programs.llm_stand_in import MODEL, StandIn
from devtools.bench.samples import article
from services.common.settings.settings import ScorerKind, Settings
from services.sentiment_analyzer.article.text import text_of
from services.sentiment_analyzer.matching.assets import load_registry
from services.sentiment_analyzer.matching.matcher import AssetMatcher
from services.sentiment_analyzer.scorers.build import build_scorer
from services.sentiment_analyzer.scorers.port import Scores
from tests.support.scoring.scripted_ollama import ScriptedOllama, chat_reply

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SAMPLE = article(7, NOW)
MATCHER = AssetMatcher(load_registry(), Settings().trading_pairs)
ASSETS = [target.asset for target in MATCHER.match(text_of(SAMPLE)).targets]


def settings(url: str, model: str) -> Settings:
    return Settings(sentiment_scorer=ScorerKind.OLLAMA, ollama_host=url, ollama_model=model)


def score(chosen: Settings) -> Scores:
    with closing(build_scorer(chosen)) as scorer:
        return scorer.score(text_of(SAMPLE), ASSETS)


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    with StandIn(0, at_once=1, delay=0.0) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server
        server.shutdown()


def test_the_bare_client_asks_just_what_the_processor_asks() -> None:
    with ScriptedOllama() as server:
        chosen = settings(server.url, "test-model")
        entry = {"reason": "", "event_type": "other", "score": 1, "confidence": 5}
        server.script("/api/chat", chat_reply(json.dumps({asset.ticker: entry for asset in ASSETS})))
        score(chosen)
        assert server.chats() == [json.loads(chat_request(SAMPLE, MATCHER, chosen))]


def test_the_stand_in_passes_the_processors_check_and_its_answers_are_scores(stand_in: StandIn) -> None:
    chosen = settings(f"http://127.0.0.1:{stand_in.server_port}", MODEL)
    with closing(build_scorer(chosen)) as scorer:
        scorer.check()
    scores = score(chosen)
    assert {ticker: found.score for ticker, found in scores.by_ticker.items()} == {
        asset.ticker: 0.5 for asset in ASSETS
    }


def test_a_counter_is_the_sum_of_its_samples_and_of_no_other_metric() -> None:
    text = (
        "# HELP done_total Articles\n"
        'done_total{outcome="scored"} 3.0\n'
        'done_total{outcome="abstained"} 2.0\n'
        "done_total_more 9.0\n"
        "other_total 4.0\n"
    )
    assert sum_of(text, "done_total") == 5
    assert sum_of(text, "other_total") == 4
    assert sum_of(text, "missing_total") == 0
