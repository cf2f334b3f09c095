from __future__ import annotations

import pytest

from services.common.errors import CannotSay, NeverWorks, StopProgram, TryLater
from services.common.settings.settings import Fallback, ScorerKind, Settings
from services.sentiment_analyzer.matching.assets import load_registry
from services.sentiment_analyzer.matching.matcher import AssetMatcher
from services.sentiment_analyzer.pipeline.outcome import Judgement, Outcome
from services.sentiment_analyzer.pipeline.process_article import judge_article
from services.sentiment_analyzer.scorers.build import build_scorer
from services.sentiment_analyzer.scorers.lexicon.scorer import LexiconScorer
from tests.support.scoring.sentiment_fakes import NOON, FakeScorer, article

MATCHER = AssetMatcher(load_registry(), ("BTC/USDT", "ETH/USDT"))


def judge(title: str, *, scorer: FakeScorer | None = None, **fields: str) -> Judgement:
    return judge_article(article("a1", title, **fields), MATCHER, scorer or FakeScorer([]), NOON)


def test_an_article_about_traded_assets_is_scored() -> None:
    judgement = judge("Bitcoin and ether rise")

    assert judgement.outcome is Outcome.SCORED
    assert [signal.pair for signal in judgement.signals] == ["BTC/USDT", "ETH/USDT"]


@pytest.mark.parametrize(
    ("title", "outcome"),
    [("Dogecoin doubles", Outcome.NOT_TRADED), ("Museum opens late", Outcome.OFF_TOPIC)],
)
def test_an_article_about_something_else_is_never_shown_to_the_scorer(title: str, outcome: Outcome) -> None:
    journal: list[str] = []

    judgement = judge(title, scorer=FakeScorer(journal))

    assert (judgement.outcome, judgement.signals, journal) == (outcome, (), [])
    assert judgement.reason


def test_an_abstention_is_no_signal_and_says_why() -> None:
    scorer = FakeScorer([])
    scorer.fail("Bitcoin rises", CannotSay("no idea"))

    assert judge("Bitcoin rises", scorer=scorer) == Judgement(Outcome.ABSTAINED, (), "no idea")


@pytest.mark.parametrize("error", [TryLater("away"), NeverWorks("refused")])
def test_other_failures_of_the_scorer_are_for_the_caller(error: Exception) -> None:
    scorer = FakeScorer([])
    scorer.fail("Bitcoin rises", error)

    with pytest.raises(type(error)):
        judge("Bitcoin rises", scorer=scorer)


def test_invisible_characters_do_not_hide_what_an_article_is_about() -> None:
    assert judge("Bit\u200bcoin rises").outcome is Outcome.SCORED


@pytest.mark.parametrize(
    ("kind", "model"),
    [
        (ScorerKind.OLLAMA, "m:1"),
        (ScorerKind.OPENAI, "m-2"),
        (ScorerKind.LEXICON, LexiconScorer().model),
        (ScorerKind.ENSEMBLE, f"ensemble(m:1*2+{LexiconScorer().model}*1)"),
    ],
)
@pytest.mark.parametrize("fallback", list(Fallback))
def test_the_scorer_is_chosen_by_configuration_and_built_without_a_server(
    kind: ScorerKind, model: str, fallback: Fallback
) -> None:
    scorer = build_scorer(
        Settings(sentiment_scorer=kind, sentiment_fallback=fallback, ollama_model="m:1", openai_model="m-2")
    )

    assert (scorer.name, scorer.model) == (kind, model)
    scorer.close()


def test_a_scorer_whose_settings_are_not_complete_says_what_is_missing() -> None:
    with pytest.raises(StopProgram, match="set OPENAI_MODEL"):
        build_scorer(Settings(sentiment_scorer=ScorerKind.OPENAI))
