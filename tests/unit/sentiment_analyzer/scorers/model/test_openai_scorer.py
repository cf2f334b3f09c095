from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from services.common.errors import NeverWorks, TryLater
from services.common.settings.settings import ScorerKind, Settings
from services.sentiment_analyzer.article.text import ArticleText
from services.sentiment_analyzer.matching.assets import load_registry
from services.sentiment_analyzer.scorers.build import build_scorer
from services.sentiment_analyzer.scorers.model.prompt import SYSTEM_PROMPT, answer_schema
from services.sentiment_analyzer.scorers.port import Abstained, AssetScore, Scorer
from tests.support.scoring.scripted_ollama import (
    MODEL,
    Reply,
    ScriptedOllama,
    completion_reply,
    error_reply,
    good_answer,
)

CHAT = "/v1/chat/completions"
BTC = load_registry().asset("BTC")
ARTICLE = ArticleText("Bitcoin rises", "Ether falls.")
GOOD = completion_reply(good_answer())


@pytest.fixture
def server() -> Iterator[ScriptedOllama]:
    with ScriptedOllama() as server:
        yield server


def scorer_for(url: str, timeout: float = 5.0) -> Scorer:
    return build_scorer(
        Settings(
            sentiment_scorer=ScorerKind.OPENAI,
            openai_base_url=f"{url}/v1",
            openai_model=MODEL,
            openai_api_key=SecretStr("sk-secret"),
            openai_timeout=timeout,
        )
    )


@pytest.fixture
def scorer(server: ScriptedOllama) -> Iterator[Scorer]:
    scorer = scorer_for(server.url)
    yield scorer
    scorer.close()


def refusal(message: str) -> Reply:
    return Reply(400, json.dumps({"error": {"message": message, "type": "invalid_request_error"}}).encode())


def test_one_schema_bound_cold_request_returns_the_scores_and_what_they_took(
    server: ScriptedOllama, scorer: Scorer
) -> None:
    server.script(CHAT, GOOD)

    scores = scorer.score(ARTICLE, [BTC])

    assert (scores.model, scores.by_ticker) == (MODEL, {"BTC": AssetScore(0.6, 0.9, "It rises.")})
    (usage,) = scores.usage
    assert (usage.prompt_tokens, usage.answer_tokens, usage.digest) == (300, 30, "fp_1")
    (asked,) = server.completions()
    assert (asked["model"], asked["temperature"], asked["max_tokens"]) == (MODEL, 0, 256)
    assert asked["messages"][0] == {"role": "system", "content": SYSTEM_PROMPT}
    assert asked["response_format"]["type"] == "json_schema"
    assert asked["response_format"]["json_schema"]["schema"] == answer_schema([BTC])


def test_a_bad_answer_is_asked_for_again_and_a_second_one_is_an_abstention(
    server: ScriptedOllama, scorer: Scorer
) -> None:
    server.script(CHAT, completion_reply("Bullish!"), completion_reply('{"BTC": {', "length"))

    with pytest.raises(Abstained, match="shorten the reasons"):
        scorer.score(ARTICLE, [BTC])

    assert "no complete JSON object" in server.completions()[1]["messages"][3]["content"]


def test_what_a_server_does_not_take_is_left_out_from_then_on(server: ScriptedOllama, scorer: Scorer) -> None:
    server.script(
        CHAT,
        refusal("Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."),
        refusal("Unsupported value: 'temperature' does not support 0 with this model."),
        refusal("Invalid schema for response_format 'scores': 'maxLength' is not permitted."),
        GOOD,
        GOOD,
    )

    assert scorer.score(ARTICLE, [BTC]).by_ticker["BTC"].score == 0.6
    assert scorer.score(ARTICLE, [BTC]).by_ticker["BTC"].score == 0.6

    *_, last = server.completions()
    assert len(server.completions()) == 5
    assert set(last) == {"model", "messages", "max_completion_tokens"}


def test_a_refusal_without_a_way_out_never_works(server: ScriptedOllama, scorer: Scorer) -> None:
    server.script(CHAT, refusal("This model's maximum context length is 4096 tokens."))

    with pytest.raises(NeverWorks, match="maximum context length"):
        scorer.score(ARTICLE, [BTC])


def test_a_refusal_of_what_was_left_out_already_never_works(server: ScriptedOllama, scorer: Scorer) -> None:
    server.usually(CHAT, refusal("no temperature please"))

    with pytest.raises(NeverWorks, match="no temperature"):
        scorer.score(ARTICLE, [BTC])

    assert len(server.completions()) == 3, "as it is, without temperature, and in the plainest form"


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (error_reply(500, "engine died"), "cannot answer now"),
        (error_reply(503, "loading model"), "status 503"),
        (error_reply(401, "wrong key sk-secret"), r"wrong key \*\*\*"),
        (error_reply(404, "no such model"), "OPENAI_MODEL"),
        (Reply(200, b"<html>Welcome</html>"), "does not speak OpenAI's protocol"),
        (Reply(200, b'{"choices": []}'), "does not speak OpenAI's protocol"),
        (Reply(200, b'{"choices": null}'), "does not speak OpenAI's protocol"),
        (Reply(200, b'"text"'), "does not speak OpenAI's protocol"),
    ],
)
def test_a_server_that_cannot_answer_now_is_tried_later(
    server: ScriptedOllama, scorer: Scorer, reply: Reply, says: str
) -> None:
    server.script(CHAT, reply)

    with pytest.raises(TryLater, match=says) as caught:
        scorer.score(ARTICLE, [BTC])

    assert not scorer.health().ok
    assert "sk-secret" not in str(caught.value) + scorer.health().detail


def test_the_pause_that_a_server_asks_for_is_passed_on(server: ScriptedOllama, scorer: Scorer) -> None:
    server.script(CHAT, Reply(429, b"{}", headers=(("Retry-After", "20"),)))

    with pytest.raises(TryLater) as caught:
        scorer.score(ARTICLE, [BTC])

    assert caught.value.after == pytest.approx(20, abs=2)


def test_a_server_that_hangs_or_is_not_there_is_tried_later() -> None:
    with ScriptedOllama() as server:
        server.script(CHAT, Reply(hangs=True))
        scorer = scorer_for(server.url, timeout=0.2)
        with pytest.raises(TryLater, match=r"no answer within 0\.2 s"):
            scorer.score(ARTICLE, [BTC])
    with pytest.raises(TryLater, match="cannot be reached"):
        scorer.check()
    scorer.close()


def test_the_check_is_one_request_as_for_an_article(server: ScriptedOllama, scorer: Scorer) -> None:
    server.script(CHAT, GOOD, GOOD)

    scorer.check()
    scorer.score(ARTICLE, [BTC])

    assert [path for path, _ in server.requests] == ["/v1/models", CHAT, CHAT]
    sample, article = server.completions()
    assert sample["messages"][0] == article["messages"][0]
    assert "- BTC: Bitcoin" in sample["messages"][1]["content"]
    assert {name: sample[name] for name in sample if name != "messages"} == {
        name: article[name] for name in article if name != "messages"
    }
    assert scorer.health().ok


@pytest.mark.parametrize(
    "models",
    [
        Reply(body=b'{"object": "list", "data": [{"id": "models/another"}]}'),
        Reply(body=b'{"object": "list", "data": [null, 7]}'),
        Reply(body=b"<html>no list</html>"),
        error_reply(404, "not found"),
        error_reply(405, "GET is not allowed"),
        error_reply(401, "this key may not list models"),
        error_reply(500, "no list"),
    ],
)
def test_what_a_list_of_models_says_is_no_proof_and_the_request_decides(
    server: ScriptedOllama, scorer: Scorer, models: Reply
) -> None:
    server.usually("/v1/models", models)

    scorer.check()

    assert len(server.completions()) == 1


@pytest.mark.parametrize(("status", "says"), [(401, "OPENAI_API_KEY"), (404, "OPENAI_MODEL")])
def test_a_key_or_a_model_that_is_refused_lets_the_start_wait_and_names_the_variable(
    server: ScriptedOllama, scorer: Scorer, status: int, says: str
) -> None:
    server.usually(CHAT, error_reply(status, "no"))

    with pytest.raises(TryLater, match=says):
        scorer.check()

    assert says in scorer.health().detail
    server.usually(CHAT, GOOD)
    scorer.check()
    assert scorer.health().ok
