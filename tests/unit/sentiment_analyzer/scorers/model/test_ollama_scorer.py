from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from services.common.errors import NeverWorks, TryLater
from services.common.settings.settings import ScorerKind, Settings
from services.sentiment_analyzer.article.text import ArticleText
from services.sentiment_analyzer.matching.assets import load_registry
from services.sentiment_analyzer.scorers.build import build_scorer
from services.sentiment_analyzer.scorers.model.prompt import SYSTEM_PROMPT
from services.sentiment_analyzer.scorers.port import Abstained, AssetScore, RefusesAll, Scorer
from tests.support.scoring.scripted_ollama import (
    DIGEST,
    MODEL,
    Reply,
    ScriptedOllama,
    chat_reply,
    error_reply,
    good_answer,
)

BTC = load_registry().asset("BTC")
ETH = load_registry().asset("ETH")
ARTICLE = ArticleText("Bitcoin rises", "Ether falls.")
GOOD = chat_reply(good_answer())
MISSING = error_reply(404, f"model '{MODEL}' not found")


@pytest.fixture
def server() -> Iterator[ScriptedOllama]:
    with ScriptedOllama() as server:
        yield server


def scorer_for(url: str, timeout: float = 5.0) -> Scorer:
    return build_scorer(
        Settings(
            sentiment_scorer=ScorerKind.OLLAMA,
            ollama_host=url,
            ollama_model=MODEL,
            ollama_timeout=timeout,
            ollama_max_tokens=256,
        )
    )


@pytest.fixture
def scorer(server: ScriptedOllama) -> Iterator[Scorer]:
    scorer = scorer_for(server.url)
    yield scorer
    scorer.close()


def test_one_call_returns_the_score_of_every_asset(server: ScriptedOllama, scorer: Scorer) -> None:
    entries = {
        "BTC": {"reason": "It rises.", "event_type": "other", "score": 6, "confidence": 9},
        "ETH": {"reason": "It falls.", "event_type": "other", "score": -4, "confidence": 5},
    }
    server.script("/api/chat", chat_reply(json.dumps(entries)))

    scores = scorer.score(ARTICLE, [BTC, ETH])

    assert scores.model == MODEL
    assert scores.by_ticker == {
        "BTC": AssetScore(0.6, 0.9, "It rises."),
        "ETH": AssetScore(-0.4, 0.5, "It falls."),
    }
    assert len(server.chats()) == 1


def test_the_request_is_bounded_cold_and_schema_bound_with_the_fixed_part_first(
    server: ScriptedOllama, scorer: Scorer
) -> None:
    server.script("/api/chat", GOOD, GOOD)

    scorer.score(ARTICLE, [BTC])
    scorer.score(ArticleText("Another headline"), [BTC])

    first, second = server.chats()
    assert first["options"] == {"temperature": 0, "num_predict": 256}
    assert first["keep_alive"] == "30m"
    assert first["stream"] is False
    assert first["format"]["required"] == ["BTC"]
    assert first["messages"][0] == second["messages"][0] == {"role": "system", "content": SYSTEM_PROMPT}
    assert "Bitcoin rises\n\nEther falls." in first["messages"][1]["content"]


def test_many_assets_get_room_for_their_answer(server: ScriptedOllama, scorer: Scorer) -> None:
    assets = list(load_registry().assets.values())[:10]
    entry = {"reason": "", "event_type": "other", "score": 1, "confidence": 1}
    server.script("/api/chat", chat_reply(json.dumps({asset.ticker: entry for asset in assets})))

    scorer.score(ARTICLE, assets)

    assert server.chats()[0]["options"]["num_predict"] == 1280


def test_a_model_without_confidence_in_any_asset_abstains(server: ScriptedOllama, scorer: Scorer) -> None:
    entry = {"reason": "Who knows.", "event_type": "other", "score": 9, "confidence": 0}
    server.script("/api/chat", chat_reply(json.dumps({"BTC": entry})))

    with pytest.raises(Abstained, match="cannot tell"):
        scorer.score(ARTICLE, [BTC])


def test_what_an_answer_took_is_told(server: ScriptedOllama, scorer: Scorer) -> None:
    counted = {"prompt_eval_count": 400, "eval_count": 40}
    body = json.loads(GOOD.body) | counted
    server.script("/api/chat", chat_reply("what?"), Reply(body=json.dumps(body).encode()))

    (usage,) = scorer.score(ARTICLE, [BTC]).usage

    assert (usage.requests, usage.prompt_tokens, usage.answer_tokens) == (2, 400, 40)
    assert usage.answer == body["message"]["content"]
    assert usage.seconds > 0


def test_a_bad_answer_is_asked_for_again_with_the_fault_named(server: ScriptedOllama, scorer: Scorer) -> None:
    bad = json.dumps({"BTC": {"reason": "It rises.", "event_type": "other", "score": 600, "confidence": 9}})
    server.script("/api/chat", chat_reply(bad), GOOD)

    assert scorer.score(ARTICLE, [BTC]).by_ticker["BTC"].score == 0.6

    again = server.chats()[1]["messages"]
    assert [message["role"] for message in again] == ["system", "user", "assistant", "user"]
    assert again[2]["content"] == bad
    assert "BTC.score: Input should be less than or equal to 10" in again[3]["content"]


def test_an_answer_cut_at_its_bound_is_asked_for_again_with_shorter_reasons(
    server: ScriptedOllama, scorer: Scorer
) -> None:
    server.script("/api/chat", chat_reply('{"BTC": {"reason": "At great len', "length"), GOOD)

    assert scorer.score(ARTICLE, [BTC]).by_ticker["BTC"].score == 0.6

    assert "shorten the reasons" in server.chats()[1]["messages"][3]["content"]


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "Bullish!",
        '{"BTC": ',
        '{"ETH": {"reason": "", "event_type": "other", "score": 1, "confidence": 1}}',
    ],
)
def test_two_bad_answers_are_an_abstention_and_there_is_no_third(
    server: ScriptedOllama, scorer: Scorer, bad: str
) -> None:
    server.usually("/api/chat", chat_reply(bad))

    with pytest.raises(Abstained, match="two answers could not be used") as caught:
        scorer.score(ARTICLE, [BTC])

    assert len(server.chats()) == 2
    assert [usage.requests for usage in caught.value.usage] == [2]
    assert scorer.health().ok


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (error_reply(503, "server busy, maximum pending requests exceeded"), "maximum pending"),
        (error_reply(500, "llama runner process has terminated"), "cannot answer now"),
        # Where the container is too small for the model.
        (
            error_reply(500, "model requires more system memory (5.6 GiB) than is available (3.9 GiB)"),
            "more system memory",
        ),
        (error_reply(502, "bad gateway"), "cannot answer now"),
        (error_reply(429, "slow down"), "cannot answer now"),
        (error_reply(404, "page not found"), "cannot answer now"),
        (MISSING, "ollama pull test-model"),
        (error_reply(401, "unauthorized"), "OLLAMA_API_KEY"),
        (Reply(200, b"<html>Welcome</html>"), "does not speak Ollama's protocol"),
        (Reply(200, b"[]"), "does not speak Ollama's protocol"),
        (Reply(200, b'{"model": 7}'), "does not speak Ollama's protocol"),
        (Reply(200, b"\xff\xfe"), "does not speak Ollama's protocol"),
        (Reply(500, b'["odd"]'), "does not speak Ollama's protocol"),
        (Reply(503, b""), "status 503"),
    ],
)
def test_a_server_that_cannot_answer_now_is_tried_later(
    server: ScriptedOllama, scorer: Scorer, reply: Reply, says: str
) -> None:
    server.script("/api/chat", reply)

    with pytest.raises(TryLater, match=says):
        scorer.score(ARTICLE, [BTC])

    assert not scorer.health().ok
    assert says in scorer.health().detail


def test_a_request_that_is_refused_for_what_it_is_never_works(server: ScriptedOllama, scorer: Scorer) -> None:
    server.script("/api/chat", error_reply(400, "input length exceeds the context length"))

    with pytest.raises(NeverWorks, match="exceeds the context length"):
        scorer.score(ARTICLE, [BTC])

    assert scorer.health().ok


def test_a_server_that_hangs_is_tried_later(server: ScriptedOllama) -> None:
    server.script("/api/chat", Reply(hangs=True))
    scorer = scorer_for(server.url, timeout=0.2)

    with pytest.raises(TryLater, match=r"no answer within 0\.2 s"):
        scorer.score(ARTICLE, [BTC])
    scorer.close()


def test_a_server_that_is_not_there_is_tried_later() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        scorer = scorer_for(f"http://127.0.0.1:{unused.getsockname()[1]}")

        with pytest.raises(TryLater, match="cannot be reached"):
            scorer.check()
        with pytest.raises(TryLater, match="cannot be reached"):
            scorer.score(ARTICLE, [BTC])

    assert not scorer.health().ok
    scorer.close()


def test_scoring_works_again_as_soon_as_the_check_does(server: ScriptedOllama, scorer: Scorer) -> None:
    server.script("/api/chat", error_reply(503, "busy"), chat_reply("ok"), GOOD)
    with pytest.raises(TryLater):
        scorer.score(ARTICLE, [BTC])
    scorer.check()

    assert scorer.score(ARTICLE, [BTC]).by_ticker["BTC"].score == 0.6
    assert scorer.health().ok


def test_the_check_asks_for_the_model_and_has_it_score_an_article(
    server: ScriptedOllama, scorer: Scorer
) -> None:
    scorer.check()

    assert [path for path, _ in server.requests] == ["/api/show", "/api/tags", "/api/chat"]
    assert server.requests[0][1]["model"] == MODEL
    assert server.chats()[0]["options"]["num_predict"] == 256
    assert server.chats()[0]["format"]["required"] == ["BTC"]
    assert "think" not in server.chats()[0]
    assert scorer.health().ok
    assert scorer.digest() == DIGEST


def test_a_model_that_the_server_lacks_lets_the_start_wait_and_says_how_to_get_it(
    server: ScriptedOllama, scorer: Scorer
) -> None:
    server.script("/api/show", MISSING)

    with pytest.raises(TryLater, match="ollama pull test-model"):
        scorer.check()

    assert "ollama pull test-model" in scorer.health().detail
    scorer.check()
    assert scorer.health().ok


def test_a_model_that_cannot_chat_lets_the_start_wait_and_says_so(
    server: ScriptedOllama, scorer: Scorer
) -> None:
    server.usually("/api/chat", error_reply(400, "does not support chat"))

    with pytest.raises(RefusesAll, match="set the model to a chat model"):
        scorer.check()

    assert "does not support chat" in scorer.health().detail


def test_a_busy_server_does_not_end_the_start(server: ScriptedOllama, scorer: Scorer) -> None:
    server.script("/api/chat", error_reply(503, "busy"))

    with pytest.raises(TryLater):
        scorer.check()


def test_nobody_pays_for_the_client_before_it_is_used() -> None:
    program = (
        "import sys, services.sentiment_analyzer.sentiment_processor, services.sentiment_analyzer.scorers.build;"
        "sys.exit(bool({'ollama', 'httpx', 'openai'} & set(sys.modules)))"
    )

    subprocess.run([sys.executable, "-c", program], check=True)
