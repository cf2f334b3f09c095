"""Ollama servers and models that answer otherwise than most: each is used as it is, or says what to change."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from services.common.errors import TryLater
from services.common.settings.settings import ScorerKind, Settings
from services.sentiment_analyzer.article.text import ArticleText
from services.sentiment_analyzer.matching.assets import load_registry
from services.sentiment_analyzer.scorers.build import build_scorer
from services.sentiment_analyzer.scorers.port import RefusesAll, Scorer, Unusable
from tests.support.scoring import scripted_models as models
from tests.support.scoring.scripted_ollama import MODEL, Answer, Reply, ScriptedOllama

OLLAMA = "/api/chat"
BTC = load_registry().asset("BTC")
ARTICLE = ArticleText("Bitcoin rises", "Ether falls.")
THINKS = Reply(body=b'{"details": {}, "model_info": {}, "capabilities": ["completion", "thinking"]}')


@pytest.fixture
def server() -> Iterator[ScriptedOllama]:
    with ScriptedOllama() as server:
        yield server


@pytest.fixture
def ollama(server: ScriptedOllama) -> Iterator[Scorer]:
    scorer = build_scorer(
        Settings(sentiment_scorer=ScorerKind.OLLAMA, ollama_host=server.url, ollama_model=MODEL)
    )
    yield scorer
    scorer.close()


def scored_by(scorer: Scorer) -> float:
    return scorer.score(ARTICLE, [BTC]).by_ticker["BTC"].score


@pytest.mark.parametrize(
    ("shown", "answer"),
    [
        (THINKS, models.ollama_thinking),
        (Reply(body=b'{"details": {}}'), models.ollama_thinking),
        (THINKS, models.ollama_that_cannot_be_kept_from_thinking),
        (Reply(body=b'{"details": {}}'), models.ollama_answering_in_its_thoughts),
    ],
)
def test_a_model_that_thinks_on_ollama_is_kept_from_it_or_has_room_for_it(
    server: ScriptedOllama, ollama: Scorer, shown: Reply, answer: Answer
) -> None:
    server.usually("/api/show", shown)
    server.usually(OLLAMA, answer)

    ollama.check()
    asked = len(server.chats())

    assert scored_by(ollama) == 0.7
    assert len(server.chats()) == asked + 1
    assert ollama.health().ok


def test_a_model_that_can_think_is_asked_not_to(server: ScriptedOllama, ollama: Scorer) -> None:
    server.usually("/api/show", THINKS)
    server.usually(OLLAMA, models.ollama_thinking)

    ollama.check()

    (asked,) = server.chats()
    assert asked["think"] is False
    assert asked["options"]["num_predict"] == 256


def test_a_model_that_only_thinks_names_the_variable_and_is_no_abstention(
    server: ScriptedOllama, ollama: Scorer
) -> None:
    server.usually(OLLAMA, models.ollama("", "length", thinking="Okay, the article says ..."))

    with pytest.raises(RefusesAll, match=r"on reasoning.*OLLAMA_MAX_TOKENS"):
        ollama.check()
    with pytest.raises(Unusable, match=r"on reasoning.*OLLAMA_MAX_TOKENS"):
        scored_by(ollama)

    assert [body["options"]["num_predict"] for body in server.chats()] == [256, 1024, 4096, 4096]


@pytest.mark.parametrize(
    "refusal",
    [
        models.refusing("format", "invalid format: expected a string"),
        models.refusing("format", "failed to load model vocabulary required for format", 500),
    ],
)
def test_a_schema_that_ollama_refuses_is_left_out(
    server: ScriptedOllama, ollama: Scorer, refusal: Answer
) -> None:
    def answer(body: models.Body) -> Reply:
        reply = refusal(body)
        return models.ollama(models.good_answer(body)) if reply.status == 200 else reply

    server.usually(OLLAMA, answer)

    ollama.check()

    assert scored_by(ollama) == 0.7
    assert "format" not in server.chats()[-1]


@pytest.mark.parametrize(
    "sent", [b'{"error": "llama runner process has terminated"}', b'{"error": {"message": "llama runner"}}']
)
def test_an_error_of_ollama_that_comes_with_status_200_is_shown(
    server: ScriptedOllama, ollama: Scorer, sent: bytes
) -> None:
    server.usually(OLLAMA, Reply(body=sent))

    with pytest.raises(TryLater, match="llama runner"):
        scored_by(ollama)


@pytest.mark.parametrize(
    "reply", [Reply(500, b'{"error": {"message": "out of memory"}}'), Reply(500, b'{"error": ["odd"]}')]
)
def test_an_error_of_any_shape_is_a_failure_of_ollama(
    server: ScriptedOllama, ollama: Scorer, reply: Reply
) -> None:
    server.usually(OLLAMA, reply)

    with pytest.raises(TryLater, match="cannot answer now"):
        scored_by(ollama)
