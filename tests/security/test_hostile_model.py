"""Attacks against a real model: all that the filter leaves something of, and some with no filter at all."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from services.common.errors import CannotSay
from services.common.messages import NewsArticle
from services.common.settings.settings import ScorerKind, Settings
from services.research.evaluate.cases.attacks import PAIRS, carriers, read_attacks
from services.sentiment_analyzer.article.text import ArticleText, text_of
from services.sentiment_analyzer.matching.assets import load_registry
from services.sentiment_analyzer.matching.matcher import AssetMatcher
from services.sentiment_analyzer.pipeline.outcome import Outcome
from services.sentiment_analyzer.pipeline.process_article import judge_article
from services.sentiment_analyzer.scorers.build import build_scorer
from services.sentiment_analyzer.scorers.port import Scorer
from tests.support.scoring.ollama_server import MODEL
from tests.support.scoring.sentiment_fakes import NOON

pytestmark = [pytest.mark.llm, pytest.mark.timeout(300)]

ATTACKS = {attack.name: attack for attack in read_attacks()}
CARRIER = carriers()["bad for bitcoin"]
SLOW = frozenset({"accents upon accents", "a megabyte of one word"})
"""Thousands of tokens of no word at all, many seconds each; `evaluate --case hostile` has them (CONTRIBUTING.md)."""
UNFILTERED = ("wrong keys", "fake answer for another asset", "endless answer")


@pytest.fixture
def scorer(ollama_url: str) -> Iterator[Scorer]:
    scorer = build_scorer(
        Settings(
            sentiment_scorer=ScorerKind.OLLAMA,
            ollama_host=ollama_url,
            ollama_model=MODEL,
            ollama_timeout=240.0,
        )
    )
    yield scorer
    scorer.close()


def words_of(article: NewsArticle) -> tuple[str, str]:
    text = text_of(article)
    return text.title, text.body


def test_what_is_left_of_an_attack_makes_no_signal_for_another_pair(scorer: Scorer) -> None:
    matcher = AssetMatcher(load_registry(), PAIRS)
    attacked = [
        attack.on(CARRIER)
        for attack in ATTACKS.values()
        if not attack.is_falsehood and attack.name not in SLOW
    ]
    left_over = [article for article in attacked if words_of(article) != words_of(CARRIER)]
    assert len(left_over) >= 10
    for article in left_over:
        judgement = judge_article(article, matcher, scorer, NOON)

        assert judgement.outcome in {Outcome.SCORED, Outcome.ABSTAINED}
        assert {signal.pair for signal in judgement.signals} <= {"BTC/USDT"}


def test_even_unfiltered_an_attack_gets_no_other_shape_key_or_range(scorer: Scorer) -> None:
    btc = load_registry().asset("BTC")
    for name in UNFILTERED:
        try:
            scores = scorer.score(ArticleText("Bitcoin falls", ATTACKS[name].text), [btc]).by_ticker
        except CannotSay:
            continue
        assert set(scores) == {"BTC"}
        assert -1 <= scores["BTC"].score <= 1
