from __future__ import annotations

from datetime import timedelta

import pytest

from services.common.values import Label, Scope
from services.sentiment_analyzer.article.hostile import Suspicion
from services.sentiment_analyzer.matching.assets import MARKET, load_registry
from services.sentiment_analyzer.matching.matcher import About, Match, Target
from services.sentiment_analyzer.pipeline.signals import make_signals, signal_id
from services.sentiment_analyzer.scorers.port import AssetScore, Scores
from tests.support.scoring.sentiment_fakes import NOON, article

BTC = load_registry().asset("BTC")
ETH = load_registry().asset("ETH")
ABOUT_BOTH = Match(About.ASSETS, (Target(BTC, ("BTC/USDT", "BTC/EUR"), 1.0), Target(ETH, ("ETH/USDT",), 0.8)))
SCORES = Scores("m-1", {"BTC": AssetScore(0.7, 0.9, "up"), "ETH": AssetScore(-0.4, 0.5, "down")})


def test_each_pair_of_each_asset_gets_a_signal_with_that_asset_s_score() -> None:
    signals = make_signals(article("a1", "Bitcoin up, ether down"), ABOUT_BOTH, SCORES, NOON)

    assert [(each.pair, each.sentiment_score, each.sentiment_label, each.rationale) for each in signals] == [
        ("BTC/USDT", 0.7, Label.VERY_BULLISH, "up"),
        ("BTC/EUR", 0.7, Label.VERY_BULLISH, "up"),
        ("ETH/USDT", -0.4, Label.BEARISH, "down"),
    ]
    assert {each.scope for each in signals} == {Scope.ASSET}
    assert {each.headline for each in signals} == {"Bitcoin up, ether down"}


def test_confidence_is_scaled_by_how_sure_the_match_is() -> None:
    signals = make_signals(article("a1"), ABOUT_BOTH, SCORES, NOON)

    assert [each.confidence for each in signals] == pytest.approx([0.9, 0.9, 0.4])


def test_a_signal_of_the_market_says_so() -> None:
    match = Match(About.MARKET, (Target(MARKET, ("BTC/USDT", "ETH/USDT"), 0.5),))

    signals = make_signals(article("a1"), match, Scores("m-1", {"MARKET": AssetScore(0.1, 0.6)}), NOON)

    assert [(each.pair, each.scope, each.confidence) for each in signals] == [
        ("BTC/USDT", Scope.MARKET, 0.3),
        ("ETH/USDT", Scope.MARKET, 0.3),
    ]


def test_a_signal_has_the_owner_of_its_source_and_says_whether_its_article_is_suspected() -> None:
    owned = article("a1").model_copy(update={"owner": "digital-group"})

    for suspicions in (frozenset[Suspicion](), frozenset({Suspicion.HIDDEN_TEXT})):
        signals = make_signals(owned, ABOUT_BOTH, SCORES, NOON, suspicions)
        assert {(each.owner, each.suspected) for each in signals} == {("digital-group", bool(suspicions))}


def test_signals_of_suspected_articles_and_of_sources_without_weight_are_degraded() -> None:
    weightless = article("a1").model_copy(update={"weight": 0.0})
    suspected = make_signals(article("a1"), ABOUT_BOTH, SCORES, NOON, frozenset({Suspicion.INSTRUCTION}))

    assert {each.degraded for each in suspected} == {True}
    assert {each.degraded for each in make_signals(weightless, ABOUT_BOTH, SCORES, NOON)} == {True}
    assert {each.degraded for each in make_signals(article("a1"), ABOUT_BOTH, SCORES, NOON)} == {False}


def test_an_asset_the_scorer_abstained_on_has_no_signal() -> None:
    signals = make_signals(article("a1"), ABOUT_BOTH, Scores("m-1", {"ETH": AssetScore(0.0, 0.5)}), NOON)

    assert [each.pair for each in signals] == ["ETH/USDT"]


def test_a_clock_that_lags_behind_the_poller_s_makes_no_invalid_signal() -> None:
    signals = make_signals(article("a1"), ABOUT_BOTH, SCORES, NOON - timedelta(hours=1))

    assert {each.analyzed_at for each in signals} == {NOON}


def test_the_time_of_scoring_is_kept_and_availability_left_to_the_store() -> None:
    later = NOON + timedelta(minutes=2)

    signals = make_signals(article("a1"), ABOUT_BOTH, SCORES, later)

    assert {(each.published, each.analyzed_at, each.available_at) for each in signals} == {
        (NOON, later, None)
    }


def test_the_identity_of_a_signal_is_the_same_whenever_it_is_made() -> None:
    first = make_signals(article("a1"), ABOUT_BOTH, SCORES, NOON)
    again = make_signals(article("a1"), ABOUT_BOTH, SCORES, NOON + timedelta(hours=1))

    assert [signal_id(each) for each in first] == [signal_id(each) for each in again]
    assert signal_id(first[0]) == "a1:BTC/USDT:m-1:0"


@pytest.mark.parametrize(
    ("score", "confidence"), [(1.01, 0.5), (float("nan"), 0.5), (0.5, -0.1), (0.5, float("nan"))]
)
def test_a_score_out_of_range_cannot_be_made(score: float, confidence: float) -> None:
    with pytest.raises(ValueError, match="is not between"):
        AssetScore(score, confidence)
