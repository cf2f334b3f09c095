"""The prompt that a story shows is the one that the scorer sends."""

from __future__ import annotations

import json
from typing import Any, cast

from services.common.history.batch import Batch
from services.common.history.port import HistoryReader, HistoryWriter
from services.common.history.rows import ArticleRow
from services.common.messages import NewsArticle
from services.operations.news.prompt import prompt_of
from services.operations.news.story import open_story
from services.sentiment_analyzer.article.text import text_of
from services.sentiment_analyzer.matching.assets import MARKET, load_registry
from services.sentiment_analyzer.scorers.model.chat import Messages, Reply
from services.sentiment_analyzer.scorers.model.prompt import PROMPT_VERSION
from services.sentiment_analyzer.scorers.model.scorer import ModelScorer
from services.sentiment_analyzer.scorers.model.server_pool import ServerPool
from tests.support.history import history_samples as some
from tests.support.history.history_samples import NOW

ANSWER = {"reason": "new buyers", "event_type": "other", "score": 5, "confidence": 7}


def scoring(**more: Any) -> Any:
    known = {"model": "ollama:m", "prompt_version": PROMPT_VERSION, "latency": 1.5}
    return some.scoring(1, **{**known, "answer": json.dumps({"BTC": ANSWER, "MARKET": ANSWER}), **more})


class Servers:
    """Keeps what a scorer sends, and answers."""

    timeout = 1.0

    def chat(self, messages: Messages, **_: object) -> tuple[Reply, str]:
        self.sent = messages
        return Reply(text=json.dumps({"BTC": ANSWER, "MARKET": ANSWER})), "digest"


def sent_about(article: ArticleRow) -> Messages:
    servers = Servers()
    scorer = ModelScorer("ollama", "ollama:m", cast("ServerPool", servers), max_tokens=100)
    message = NewsArticle(
        **{name: getattr(article, name) for name in ("article_id", "source", "title", "link", "published")},
        summary=article.summary,
        fetched_at=article.fetched,
    )
    scorer.score(text_of(message), [load_registry().asset("BTC"), MARKET])
    return servers.sent


def test_it_is_what_the_scorer_sends_about_the_article(writer: HistoryWriter, reader: HistoryReader) -> None:
    article = some.article(1, title="Funds buy [bitcoin] - Wire", summary="<b>Much</b> of it.")
    writer.write(Batch(articles=[article], scorings=[scoring()]))
    story = open_story(reader, article.article_id, NOW)
    assert story is not None
    prompt = story.receipts[0].prompt
    assert prompt is not None
    assert [prompt.instructions, prompt.question] == [message["content"] for message in sent_about(article)]
    assert story.as_json()["receipts"][0]["prompt"]["question"] == prompt.question


def test_of_another_version_it_says_which_and_shows_none() -> None:
    prompt = prompt_of(some.article(1), scoring(prompt_version=PROMPT_VERSION - 1))
    assert prompt is not None
    assert (prompt.instructions, prompt.question) == ("", "")
    assert f"version {PROMPT_VERSION - 1} of the prompt" in prompt.missing


def test_without_the_assets_or_the_article_it_says_what_is_missing() -> None:
    for answer in ("no JSON", "[1]", "[" * 100_000):
        prompt = prompt_of(some.article(1), scoring(answer=answer))
        assert prompt is not None
        assert prompt.missing == "the answer does not name the assets"
    prompt = prompt_of(None, scoring())
    assert prompt is not None
    assert prompt.missing == "the article is not recorded"


def test_a_scorer_that_is_no_language_model_has_none() -> None:
    assert prompt_of(some.article(1), scoring(model="lexicon", latency=0.0)) is None
