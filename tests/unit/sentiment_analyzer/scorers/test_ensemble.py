from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.common.errors import CannotSay, NeverWorks, TryLater
from services.common.values import EventType
from services.sentiment_analyzer.article.text import ArticleText
from services.sentiment_analyzer.matching.assets import Asset, load_registry
from services.sentiment_analyzer.scorers.ensemble import EnsembleScorer, Opinion, combine
from services.sentiment_analyzer.scorers.fallback import FallbackScorer
from services.sentiment_analyzer.scorers.lexicon.scorer import LexiconScorer
from services.sentiment_analyzer.scorers.port import (
    Abstained,
    AssetScore,
    RefusesAll,
    Scores,
    Unusable,
    Usage,
)
from tests.support.scoring.sentiment_fakes import FakeScorer

BTC = load_registry().asset("BTC")
ETH = load_registry().asset("ETH")
USAGE = Usage("d", "{}", 2, 300, 30, 1.5)

weights = st.floats(0.001, 1000)
scores = st.builds(AssetScore, st.floats(-1, 1), st.floats(0, 1))
opinions = st.lists(st.builds(Opinion, weights, scores), min_size=1, max_size=5)


class Says(FakeScorer):
    """Says what a test wants."""

    def __init__(self, **by_ticker: AssetScore) -> None:
        super().__init__([])
        self._by_ticker = by_ticker
        self.error: Exception | None = None

    def score(self, text: ArticleText, assets: object) -> Scores:  # noqa: ARG002 - the port's
        if self.error is not None:
            raise self.error
        return Scores(self.model, self._by_ticker, usage=(USAGE,))


def ask(ensemble: EnsembleScorer, assets: list[Asset] | None = None) -> Scores:
    return ensemble.score(ArticleText("Bitcoin rises"), assets or [BTC])


def test_the_score_is_the_mean_by_weight_and_confidence() -> None:
    ensemble = EnsembleScorer([(Says(BTC=AssetScore(0.8, 0.9)), 2), (Says(BTC=AssetScore(0.2, 0.6)), 1)])

    (score,) = ask(ensemble).by_ticker.values()

    assert score.score == pytest.approx((1.8 * 0.8 + 0.6 * 0.2) / 2.4)


def test_disagreement_lowers_the_confidence() -> None:
    agree = combine([Opinion(1, AssetScore(0.6, 0.8)), Opinion(1, AssetScore(0.6, 0.8))], 2)
    differ = combine([Opinion(1, AssetScore(0.9, 0.8)), Opinion(1, AssetScore(0.3, 0.8))], 2)
    contradict = combine([Opinion(1, AssetScore(1.0, 0.8)), Opinion(1, AssetScore(-1.0, 0.8))], 2)

    assert agree.confidence == pytest.approx(0.8)
    assert contradict.confidence == pytest.approx(0.0)
    assert agree.confidence > differ.confidence > contradict.confidence


def test_a_member_that_abstains_has_no_say_and_leaves_less_confidence() -> None:
    silent = Says()
    silent.error = Abstained("no idea", (USAGE,))
    scores = ask(EnsembleScorer([(silent, 1), (Says(BTC=AssetScore(0.5, 0.8, "why", EventType.HACK)), 1)]))

    assert scores.by_ticker == {"BTC": AssetScore(0.5, 0.4, "why", EventType.HACK)}
    assert scores.usage == (USAGE, USAGE)


def test_each_asset_is_combined_by_itself() -> None:
    ensemble = EnsembleScorer(
        [(Says(BTC=AssetScore(0.5, 0.5), ETH=AssetScore(-0.5, 0.5)), 1), (Says(BTC=AssetScore(0.7, 0.5)), 1)]
    )

    by_ticker = ask(ensemble, [BTC, ETH]).by_ticker

    assert by_ticker["BTC"].score == pytest.approx(0.6)
    assert by_ticker["ETH"].score == pytest.approx(-0.5)


def test_when_all_abstain_the_ensemble_does() -> None:
    silent, quiet = Says(), Says()
    silent.error, quiet.error = CannotSay("no word"), Abstained("no idea", (USAGE,))

    with pytest.raises(Abstained, match="no word; fake: no idea") as caught:
        ask(EnsembleScorer([(silent, 1), (quiet, 1)]))

    assert caught.value.usage == (USAGE,)


def test_a_member_that_is_away_makes_the_ensemble_wait() -> None:
    away = Says()
    away.error = TryLater("away")

    with pytest.raises(TryLater):
        ask(EnsembleScorer([(Says(BTC=AssetScore(0.5, 0.5)), 1), (away, 1)]))


@example([Opinion(1.0, AssetScore(1.0, 5e-324)), Opinion(1.0, AssetScore(0.5, 5e-324))])
@given(opinions)
def test_whatever_members_say_the_result_lies_between_them(given_opinions: list[Opinion]) -> None:
    total = sum(opinion.weight for opinion in given_opinions)

    combined = combine(given_opinions, total)

    values = [opinion.score.score for opinion in given_opinions]
    assert min(values) - 1e-9 <= combined.score <= max(values) + 1e-9
    assert combined.confidence <= max(opinion.score.confidence for opinion in given_opinions) + 1e-9


def test_while_the_first_is_away_the_stand_in_scores_and_says_so() -> None:
    first = FakeScorer([])
    first.fail("Bitcoin surges", TryLater("away"))
    scorer = FallbackScorer(first, LexiconScorer())

    degraded = scorer.score(ArticleText("Bitcoin surges"), [BTC])
    again = scorer.score(ArticleText("Bitcoin surges"), [BTC])

    assert (degraded.degraded, degraded.model) == (True, LexiconScorer().model)
    assert (again.degraded, again.model) == (False, "fake-1")


def test_a_service_with_a_stand_in_starts_while_the_first_is_away() -> None:
    first = FakeScorer([])
    first.check_errors.append(TryLater("away"))

    FallbackScorer(first, LexiconScorer()).check()


def test_the_health_of_a_first_that_can_be_done_without_does_not_take_the_service_down() -> None:
    assert FallbackScorer(FakeScorer([]), LexiconScorer()).health().required is False


@pytest.mark.parametrize("error", [NeverWorks("no schema"), Unusable("no use", (USAGE,)), TryLater("away")])
def test_what_the_first_refuses_the_stand_in_scores_and_health_says_so(error: Exception) -> None:
    first = FakeScorer([])
    first.fail("Bitcoin surges", error)
    scorer = FallbackScorer(first, LexiconScorer())

    assert scorer.score(ArticleText("Bitcoin surges"), [BTC]).degraded

    assert (scorer.health().ok, scorer.health().required, scorer.health().detail) == (
        False,
        False,
        str(error),
    )
    assert not scorer.score(ArticleText("Bitcoin surges"), [BTC]).degraded
    assert scorer.health().ok


@pytest.mark.parametrize("error", [NeverWorks("no schema"), Unusable("no use", (USAGE,))])
def test_without_a_member_that_refuses_the_others_score_degraded_and_health_says_so(error: Exception) -> None:
    refusing = Says()
    refusing.error = error
    ensemble = EnsembleScorer([(Says(BTC=AssetScore(0.5, 0.8)), 1), (refusing, 1)])

    scores = ask(ensemble)

    assert scores.by_ticker == {"BTC": AssetScore(0.5, 0.4)}
    assert scores.degraded
    health = ensemble.health()
    assert (health.ok, health.required) == (False, False)
    assert str(error) in health.detail
    refusing.error = None
    assert not ask(ensemble).degraded
    assert ensemble.health().ok


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (NeverWorks("no schema"), NeverWorks),
        (Unusable("no use"), Unusable),
        (CannotSay("no idea"), Abstained),
    ],
)
def test_an_ensemble_that_says_nothing_says_why(error: Exception, raised: type[Exception]) -> None:
    first, second = Says(), Says()
    first.error, second.error = error, CannotSay("no word")

    with pytest.raises(raised, match=f"{error}; fake: no word") as caught:
        ask(EnsembleScorer([(first, 1), (second, 1)]))

    assert type(caught.value) is raised


def test_an_ensemble_starts_without_a_member_whose_server_refuses_all() -> None:
    first, second = FakeScorer([]), FakeScorer([])
    ensemble = EnsembleScorer([(first, 1), (second, 1)])
    first.check_errors.extend(
        [RefusesAll("no chat model", after=300.0), RefusesAll("no chat model", after=300.0)]
    )

    ensemble.check()

    assert (ensemble.health().ok, ensemble.health().required) == (False, False)
    assert "no chat model" in ensemble.health().detail
    second.check_errors.append(RefusesAll("neither"))
    with pytest.raises(RefusesAll, match="no chat model; neither") as caught:
        ensemble.check()
    assert caught.value.after == 300.0
    ensemble.check()
    assert ensemble.health().ok


def test_an_ensemble_waits_at_its_start_for_a_member_that_is_away() -> None:
    away = FakeScorer([])
    away.check_errors.append(TryLater("ollama pull m"))

    with pytest.raises(TryLater, match="ollama pull m"):
        EnsembleScorer([(FakeScorer([]), 1), (away, 1)]).check()
