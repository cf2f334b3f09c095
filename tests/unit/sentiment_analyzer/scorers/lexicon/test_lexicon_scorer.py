from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.errors import CannotSay
from services.sentiment_analyzer.article.text import ArticleText
from services.sentiment_analyzer.matching.assets import MARKET, load_registry
from services.sentiment_analyzer.scorers.lexicon.data import LEXICON_FILE
from services.sentiment_analyzer.scorers.lexicon.events import EVENTS_FILE
from services.sentiment_analyzer.scorers.lexicon.scorer import LexiconScorer
from services.sentiment_analyzer.scorers.port import AssetScore

SCORER = LexiconScorer()

# A version names one lexicon: signals of different lexicons must be told apart by their model.
DIGESTS = {
    1: "a298b0ae368703cb",
    2: "c6f96b742c681f43",
    3: "fcdca744bdf3d11e",
    4: "f6e9834cc9fd45dd",
    5: "cc168494c951f7d4",
    6: "894c9f966c334878",  # from here on of both files
}


def score(title: str, body: str = "") -> AssetScore:
    return SCORER.score(ArticleText(title, body), [MARKET]).by_ticker["MARKET"]


@pytest.mark.parametrize(
    "headline",
    [
        "Bitcoin surges to record high as spot ETF inflows hit all-time record",
        "Ether soars 12% after ETF approval, bulls cheer new high",
        "Bitcoin breaks out to all time high as institutional demand grows",
        "BNB rallies to record high on strong adoption",
    ],
)
def test_a_strongly_bullish_headline_is_beyond_the_entry_threshold(headline: str) -> None:
    assert score(headline).score > 0.7


@pytest.mark.parametrize(
    "headline",
    [
        "Bitcoin plunges as exchange hack triggers panic selling",
        "Hackers drain $200M from bridge, token crashes 60%",
        "Exchange halts withdrawals amid bankruptcy fears",
        "SEC sues exchange for fraud as prices tumble",
    ],
)
def test_a_strongly_bearish_headline_is_beyond_the_exit_threshold(headline: str) -> None:
    assert score(headline).score < -0.5


@pytest.mark.parametrize(
    "headline",
    [
        "Bitcoin up 5% on the day",
        "Ether jumps",
        "Regulator approves spot ether ETF",
        "Foundation burns a tenth of supply",
        "Regulator drops lawsuit against exchange",
        "Stablecoin regains peg",
        "Retailer adopts bitcoin payments",
        "Fund sees record inflows",
        "Central bank cuts rates",
    ],
)
def test_good_news_is_bullish(headline: str) -> None:
    assert score(headline).score >= 0.3


@pytest.mark.parametrize(
    "headline",
    [
        "Bitcoin down 5% on the day",
        "Ether slides",
        "Stablecoin depegs",
        "Court rejects ETF application",
        "Exchange delists three coins",
        "Country bans mining",
        "Funds see third week of outflows",
        "Liquidations reach $400M",
        "Token unlock looms",
        "Exchange discloses exploit",
    ],
)
def test_bad_news_is_bearish(headline: str) -> None:
    assert score(headline).score <= -0.3


@pytest.mark.parametrize(
    "headline",
    [
        "Bitcoin holds steady ahead of holiday",
        "What is a hardware wallet?",
        "Weekly roundup",
        "A beginner's guide to keys",
    ],
)
def test_a_text_known_to_bring_no_news_is_neutral_with_little_confidence(headline: str) -> None:
    verdict = score(headline)

    assert verdict.score == 0.0
    assert 0 < verdict.confidence <= 0.25


@pytest.mark.parametrize(
    "headline",
    [
        "Bitcoin developers meet on Thursday",
        "Kryptowaehrung heute",
        "12345 $ %",
        "",
        "\u0431\u0438\u0442\u043a\u043e\u0438\u043d",
    ],
)
def test_a_text_without_a_known_word_is_not_neutral_but_unsaid(headline: str) -> None:
    with pytest.raises(CannotSay):
        score(headline)


def test_negation_turns_a_word_round() -> None:
    assert score("Bitcoin does not crash").score > 0
    assert score("Ether doesn\u2019t rally").score < 0


def test_a_headline_that_only_asks_says_half() -> None:
    assert 0 < score("Will bitcoin rally?").score < score("Bitcoin rally").score


def test_the_headline_weighs_more_than_the_body() -> None:
    gloom = "Prices fell. Losses mounted. Traders feared a crash and liquidations."

    assert score("Bitcoin surges to record high", gloom).score > 0
    assert score("Bitcoin surges to record high", gloom).score < score("Bitcoin surges to record high").score


def test_a_silent_headline_leaves_a_weaker_and_less_certain_score_to_the_body() -> None:
    from_body = score("Tuesday", "Bitcoin surges to record high.")
    from_headline = score("Bitcoin surges to record high")

    assert 0 < from_body.score < from_headline.score
    assert from_body.confidence < from_headline.confidence


def test_evidence_that_disagrees_lowers_the_confidence() -> None:
    assert score("Bitcoin surges after hack").confidence < score("Bitcoin surges to record high").confidence


def test_hyphens_capitals_and_typographic_apostrophes_make_no_difference() -> None:
    assert score("Bitcoin hits ALL-TIME HIGH").score == score("Bitcoin hits all time high").score


def test_every_asset_gets_the_score_and_the_model_names_the_baseline_and_its_version() -> None:
    registry = load_registry()
    scores = SCORER.score(
        ArticleText("Bitcoin and ether surge"), [registry.asset("BTC"), registry.asset("ETH")]
    )

    assert scores.by_ticker["BTC"] == scores.by_ticker["ETH"]
    assert scores.model == SCORER.model == "lexicon-baseline-6"


def test_the_rationale_names_the_words_that_counted() -> None:
    assert score("Bitcoin surges to all-time high").rationale == "headline: all time high +2.8, surges +2.6"


@given(st.text(max_size=200), st.text(max_size=700))
def test_any_text_is_scored_within_bounds_or_abstained_on(title: str, body: str) -> None:
    try:
        verdict = score(title, body)
    except CannotSay:
        return
    assert -1 <= verdict.score <= 1
    assert 0 <= verdict.confidence <= 1


def test_a_lexicon_that_changed_has_a_new_version() -> None:
    digest = hashlib.sha256(LEXICON_FILE.read_bytes() + EVENTS_FILE.read_bytes()).hexdigest()[:16]
    version = int(SCORER.model.rpartition("-")[2])

    assert DIGESTS.get(version) == digest, "raise `version` in lexicon.toml and enter the new digest here"
