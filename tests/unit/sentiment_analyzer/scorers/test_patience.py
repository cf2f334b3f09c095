"""A call of a scorer counts as stuck beyond the scorer's own time limits, so every scorer states them."""

from __future__ import annotations

import pytest

from services.common.settings.settings import Fallback, ScorerKind, Settings
from services.sentiment_analyzer.scorers.build import build_scorer
from tests.support.scoring.sentiment_fakes import Bench, FakeScorer


@pytest.mark.parametrize("fallback", list(Fallback))
@pytest.mark.parametrize(
    ("kind", "patience"),
    [
        (ScorerKind.LEXICON, 0.0),
        (ScorerKind.OLLAMA, 4 * 2 * 30.0),  # two requests, each after a probe, on each of two servers
        (ScorerKind.OPENAI, 4 * 50.0),
        (ScorerKind.ENSEMBLE, 4 * 2 * 30.0 + 4 * 50.0),
    ],
)
def test_a_score_may_take_as_long_as_the_requests_of_all_its_servers(
    kind: ScorerKind, patience: float, fallback: Fallback
) -> None:
    scorer = build_scorer(
        Settings(
            sentiment_scorer=kind,
            sentiment_fallback=fallback,
            sentiment_ensemble="ollama:2,openai:1,lexicon:1",
            ollama_host="http://one:11434,http://two:11434",
            ollama_timeout=30.0,
            openai_model="m",
            openai_timeout=50.0,
        )
    )
    assert scorer.patience == patience
    scorer.close()


def test_a_scorer_that_does_not_state_its_time_limit_is_refused_at_the_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(FakeScorer, "patience")
    with pytest.raises(AttributeError, match="patience"):
        Bench()
