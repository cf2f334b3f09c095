"""OpenAI-compatible servers that answer otherwise than most: each is used as it is, or says what to change."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from services.common.errors import NeverWorks, TryLater
from services.common.settings.settings import ScorerKind, Settings
from services.sentiment_analyzer.article.text import ArticleText
from services.sentiment_analyzer.matching.assets import load_registry
from services.sentiment_analyzer.scorers.build import build_scorer
from services.sentiment_analyzer.scorers.model.server_pool import USELESS_PAUSE_SECONDS
from services.sentiment_analyzer.scorers.port import RefusesAll, Scorer, Unusable
from tests.support.scoring import scripted_models as models
from tests.support.scoring.scripted_ollama import MODEL, Answer, Reply, ScriptedOllama

OPENAI = "/v1/chat/completions"
BTC = load_registry().asset("BTC")
ARTICLE = ArticleText("Bitcoin rises", "Ether falls.")


@pytest.fixture
def server() -> Iterator[ScriptedOllama]:
    with ScriptedOllama() as server:
        yield server


@pytest.fixture
def openai(server: ScriptedOllama) -> Iterator[Scorer]:
    scorer = build_scorer(
        Settings(sentiment_scorer=ScorerKind.OPENAI, openai_base_url=f"{server.url}/v1", openai_model=MODEL)
    )
    yield scorer
    scorer.close()


def scored_by(scorer: Scorer) -> float:
    return scorer.score(ARTICLE, [BTC]).by_ticker["BTC"].score


REFUSING = {
    "system role": models.without_system_role,
    "schema, in words of its grammar": models.refusing("response_format", "failed to parse grammar"),
    "schema, in words of xgrammar": models.refusing("response_format", "xgrammar does not support minimum"),
    "schema, in no words": models.refusing("response_format", "Bad Request"),
    "schema, as if it had failed": models.refusing("response_format", "failed to parse grammar", 500),
    "schema, as if there were no such model": models.refusing("response_format", "No endpoints found", 404),
    "bounds in the schema": models.without_bounds_in_schemas,
    "temperature, in no words": models.refusing("temperature", "Invalid request"),
    "max_tokens, in no words": models.refusing("max_tokens", "Extra inputs are not permitted", 422),
    "nearly everything": models.that_knows_little,
    "few tokens": models.strict_about_room(16),
}


@pytest.mark.parametrize("answer", REFUSING.values(), ids=REFUSING)
def test_what_a_server_refuses_is_left_out_before_there_is_news(
    server: ScriptedOllama, openai: Scorer, answer: Answer
) -> None:
    server.usually(OPENAI, answer)

    openai.check()
    asked = len(server.completions())

    assert [scored_by(openai), scored_by(openai)] == [0.7, 0.7]
    assert len(server.completions()) == asked + 2, "no article costs a further request"
    assert openai.health().ok


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        (models.without_system_role, {"temperature", "max_tokens", "response_format"}),
        (models.refusing("response_format", "Bad Request"), {"temperature", "max_tokens", "system"}),
        (models.without_bounds_in_schemas, {"temperature", "max_tokens", "response_format", "system"}),
        (models.that_knows_little, {"max_completion_tokens", "response_format"}),
    ],
)
def test_what_a_server_takes_is_kept(
    server: ScriptedOllama, openai: Scorer, answer: Answer, kept: set[str]
) -> None:
    server.usually(OPENAI, answer)
    openai.check()

    scored_by(openai)

    last = server.completions()[-1]
    roles = {message["role"] for message in last["messages"]}
    assert set(last) - {"model", "messages"} | roles & {"system"} == kept
    assert "You judge what one news article means" in last["messages"][0]["content"]


def test_a_server_that_was_not_checked_is_understood_from_an_article(
    server: ScriptedOllama, openai: Scorer
) -> None:
    server.usually(OPENAI, models.without_system_role)

    assert scored_by(openai) == 0.7


ANSWERING = {
    "in parts": models.answering_in_parts,
    "where its reasoning goes": models.answering_in_its_reasoning,
    "after white space, without usage": models.keeping_the_connection_alive,
    "after 400 tokens of reasoning": models.reasoning_before_it_answers(500),
    "after reasoning that it shows": models.reasoning_before_it_answers(3000, reasoning="Okay"),
    "with more room than it was given": models.strict_about_room(500),
}


@pytest.mark.parametrize("answer", ANSWERING.values(), ids=ANSWERING)
def test_an_answer_is_found_wherever_a_server_puts_it(
    server: ScriptedOllama, openai: Scorer, answer: Answer
) -> None:
    server.usually(OPENAI, answer)

    openai.check()
    asked = len(server.completions())

    assert scored_by(openai) == 0.7
    assert len(server.completions()) == asked + 1


@pytest.mark.parametrize(
    ("answer", "says", "pause"),
    [
        (models.reasoning_for_ever, "spent its answer on reasoning: 4096 tokens.*OPENAI_MAX_TOKENS", 300.0),
        (models.declining, "declines to score a sample article: I can't help", 300.0),
        (models.refusing("messages", "this model cannot chat"), "set the model to a chat model", None),
        (
            models.refusing("messages", "exceeds the available context size"),
            "context size.*a chat model",
            None,
        ),
    ],
)
def test_a_server_that_serves_no_article_lets_news_wait_and_says_what_to_change(
    server: ScriptedOllama, openai: Scorer, answer: Answer, says: str, pause: float | None
) -> None:
    server.usually(OPENAI, answer)

    with pytest.raises(RefusesAll, match=says) as caught:
        openai.check()

    assert caught.value.after == pause in (USELESS_PAUSE_SECONDS, None)
    assert not openai.health().ok
    assert str(caught.value) == openai.health().detail


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (429, "cannot answer now .status 429"),
        ("429", "cannot answer now .status 429"),
        ("rate_limit_exceeded", "cannot answer now .status 429"),
        (502, "cannot answer now .status 502"),
        (None, "cannot answer now .status 502"),
        ({"odd": 1}, "cannot answer now"),
        (401, "check OPENAI_API_KEY"),
        ("invalid_api_key", "check OPENAI_API_KEY"),
        ("model_not_found", "check OPENAI_BASE_URL"),
    ],
)
def test_an_error_that_comes_with_status_200_is_the_error_that_it_is(
    server: ScriptedOllama, openai: Scorer, code: object, says: str
) -> None:
    server.usually(OPENAI, models.error_inside(code))

    with pytest.raises(TryLater, match=says) as caught:
        scored_by(openai)

    assert "Provider returned error" in str(caught.value)


def test_a_refusal_that_comes_with_status_200_is_one(server: ScriptedOllama, openai: Scorer) -> None:
    server.usually(OPENAI, models.error_inside(400, "no such thing"))

    with pytest.raises(NeverWorks, match="no such thing"):
        scored_by(openai)


def test_what_is_no_completion_is_shown_as_it_begins(server: ScriptedOllama, openai: Scorer) -> None:
    server.usually(OPENAI, Reply(body=b"<html><title>Sign in</title>" + b"x" * 9000))

    with pytest.raises(
        TryLater, match="does not speak OpenAI's protocol: it sent <html><title>Sign in"
    ) as caught:
        scored_by(openai)

    assert len(str(caught.value)) < 300


def test_a_model_that_declines_an_article_refuses_it(server: ScriptedOllama, openai: Scorer) -> None:
    server.script(OPENAI, models.declining({}), models.completion(None, "content_filter"))

    with pytest.raises(NeverWorks, match="declines this article: I can't help"):
        scored_by(openai)
    with pytest.raises(NeverWorks, match="declines this article: its filter of contents"):
        scored_by(openai)


def test_an_article_that_is_refused_for_its_contents_is_asked_once(
    server: ScriptedOllama, openai: Scorer
) -> None:
    server.usually(OPENAI, models.well)
    openai.check()
    server.usually(OPENAI, models.refusal("filtered by the content management policy"))

    with pytest.raises(NeverWorks, match="content management"):
        scored_by(openai)

    assert len(server.completions()) == 2


def test_one_article_that_is_refused_with_its_schema_is_scored_without(
    server: ScriptedOllama, openai: Scorer
) -> None:
    server.usually(OPENAI, models.well)
    openai.check()
    server.script(OPENAI, models.refusal("Failed to generate JSON."))

    assert [scored_by(openai), scored_by(openai)] == [0.7, 0.7]

    _, refused, plain, next_one = server.completions()
    assert "response_format" in refused
    assert "response_format" not in plain
    assert "response_format" in next_one


def test_a_server_that_takes_less_from_some_time_on_is_understood_anew(
    server: ScriptedOllama, openai: Scorer
) -> None:
    server.usually(OPENAI, models.well)
    openai.check()
    server.usually(OPENAI, models.without_system_role)

    for _ in range(4):
        assert scored_by(openai) == 0.7
    asked = len(server.completions())

    assert scored_by(openai) == 0.7
    assert len(server.completions()) == asked + 1
    assert "response_format" in server.completions()[-1]


def test_an_answer_that_is_cut_gets_more_room_and_then_names_what_bounds_it(
    server: ScriptedOllama, openai: Scorer
) -> None:
    server.usually(OPENAI, models.completion('{"BTC": {"reason": "At great len', "length"))

    with pytest.raises(Unusable, match=r"cut off.*raise OPENAI_MAX_TOKENS \(now 256\)"):
        scored_by(openai)

    assert [body["max_tokens"] for body in server.completions()] == [256, 512]
