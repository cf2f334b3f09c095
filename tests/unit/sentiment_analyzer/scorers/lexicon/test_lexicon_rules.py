from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.errors import CannotSay
from services.sentiment_analyzer.article.text import ArticleText
from services.sentiment_analyzer.matching.assets import MARKET, load_registry
from services.sentiment_analyzer.scorers.lexicon.clauses import parts_by_asset
from services.sentiment_analyzer.scorers.lexicon.rules import compare_figures
from services.sentiment_analyzer.scorers.lexicon.scorer import LexiconScorer
from services.sentiment_analyzer.scorers.port import AssetScore

SCORER = LexiconScorer()
REGISTRY = load_registry()


def score(title: str) -> float:
    return SCORER.score(ArticleText(title), [MARKET]).by_ticker["MARKET"].score


def scores(title: str, *tickers: str) -> dict[str, AssetScore]:
    return dict(SCORER.score(ArticleText(title), [REGISTRY.asset(ticker) for ticker in tickers]).by_ticker)


@pytest.mark.parametrize(
    "headline",
    [
        "Regulator drops its lawsuit against exchange",
        "Judge dismisses class action against Uniswap",
        "Lawsuit against Ripple is dismissed",
        "Exchange says no funds were lost in attack",
        "Hacker returns stolen funds to protocol",
        "Police recover stolen bitcoin",
        "Exchange averts hack",
        "Court overturns ban on crypto payments",
        "Bug fixed, network back online",
        "Stablecoin restores its peg",
        "Short sellers wiped out as bitcoin rallies",
        "Bitcoin shorts liquidated in a squeeze",
        "Bitcoin shrugs off ban and rallies",
    ],
)
def test_something_bad_that_ends_is_good(headline: str) -> None:
    assert score(headline) >= 0.3


@pytest.mark.parametrize(
    "headline", ["Miner losses narrow", "Inflation fears ease", "Outflows slow", "A fall in losses"]
)
def test_less_of_a_burden_is_good(headline: str) -> None:
    assert score(headline) >= 0.3


@pytest.mark.parametrize(
    "headline",
    [
        "Miner losses widen",
        "Losses mount at crypto lender",
        "Bitcoin falls on hack fears",
        "Bitcoin longs liquidated as price tumbles",
        "Stablecoin loses its dollar peg",
        "No ETF this year, regulator says",
    ],
)
def test_what_only_looks_like_relief_stays_bad(headline: str) -> None:
    assert score(headline) <= -0.3


def test_a_denial_of_something_bad_is_neither_good_nor_bad() -> None:
    assert score("Issuer denies insolvency rumours") == 0.0


@pytest.mark.parametrize(
    ("headline", "good"),
    [
        ("Bitcoin climbs despite hack", True),
        ("Ether rebounds after crash", True),
        ("Despite hack, bitcoin climbs", True),
        ("Bitcoin slides despite ETF approval", False),
        ("Bitcoin drops after exchange hack", False),
        ("Bitcoin crashed early but rallied later", True),
        ("Bitcoin rallied early but crashed later", False),
    ],
)
def test_the_news_counts_more_than_its_background(headline: str, good: bool) -> None:
    assert score(headline) >= 0.3 if good else score(headline) <= -0.3


@pytest.mark.parametrize(
    ("headline", "good"),
    [
        ("Foundation burns a tenth of its tokens", True),
        ("Halving nears as supply tightens", True),
        ("Binance lists token, price jumps", True),
        ("Token unlock looms", False),
        ("Stablecoin depegs", False),
        ("Hard fork splits chain amid dispute", False),
        ("Bitcoin forks again", False),
        ("Chain forks", False),
        ("Miners plan rival fork", False),
        ("Network completes hard fork", True),
        ("Soft fork activates", True),
        ("ETF outflows deepen", False),
        ("Exchange delists token", False),
    ],
)
def test_words_have_their_sense_of_this_field(headline: str, good: bool) -> None:
    assert score(headline) >= 0.3 if good else score(headline) <= -0.3


def test_an_upgrade_fork_is_a_little_good_and_a_fork_alone_is_no_news() -> None:
    assert 0.0 < score("Testnet hard fork on Monday") < 0.3
    assert score("Geth fork") == 0.0


def test_a_launch_is_adoption_only_in_a_text_about_crypto() -> None:
    assert score("Retailer launches crypto card") > score("Retailer launches delivery service")


def test_a_text_in_english_without_any_such_word_is_neutral_with_the_least_confidence() -> None:
    verdict = SCORER.score(ArticleText("Bitcoin developers meet for lunch"), [MARKET]).by_ticker["MARKET"]

    assert verdict.score == 0.0
    assert 0 < verdict.confidence <= 0.1


@pytest.mark.parametrize(
    "headline",
    [
        "Bitcoin cae a m\u00ednimos de un a\u00f1o en los mercados",
        "Le bitcoin chute apr\u00e8s la d\u00e9cision de la banque",
        "Bitcoin koers daalt na besluit van de bank",
        "Il prezzo di bitcoin scende ancora",
        "O pre\u00e7o do bitcoin sobe e bate recorde",
        "Bitcoin f\u00e4llt auf tiefsten Stand seit M\u00e4rz",
    ],
)
def test_it_abstains_on_languages_that_it_does_not_read(headline: str) -> None:
    with pytest.raises(CannotSay):
        score(headline)


@pytest.mark.parametrize(
    ("sentence", "sign"),
    [
        ("Revenue was $1.2 billion, compared with $900 million a year earlier", 1),
        ("Revenue of $900 million against $1.2 billion last year", -1),
        ("Net loss was 3 million from 5 million", 1),
        ("The loss totalled 2 m compared to a profit of 1 m", -1),
        ("Profit came to 1 m compared to a loss of 2 m", 1),
        ("Sales came to 12 from 12", 0),
        ("Sales of 12 stores", 0),
        ("Shares moved from 3 to 4", 0),
    ],
)
def test_a_figure_is_compared_with_the_earlier_one(sentence: str, sign: int) -> None:
    assert (compare_figures(sentence) > 0) - (compare_figures(sentence) < 0) == sign


@pytest.mark.parametrize(
    ("headline", "good", "bad"),
    [
        ("Bitcoin climbs while ether slides", ["BTC"], ["ETH"]),
        ("SOL surges, ADA slumps", ["SOL"], ["ADA"]),
        ("Regulator sues Ripple but approves bitcoin ETF", ["BTC"], ["XRP"]),
        ("Ethereum Classic jumps while Ethereum falls", ["ETC"], ["ETH"]),
        ("Bitcoin gains; Dogecoin and Shiba Inu tumble", ["BTC"], ["DOGE", "SHIB"]),
        ("Bitcoin, ether and XRP slide as dollar firms", [], ["BTC", "ETH", "XRP"]),
    ],
)
def test_each_coin_is_scored_by_its_own_clause(headline: str, good: list[str], bad: list[str]) -> None:
    found = scores(headline, *good, *bad)

    assert all(found[ticker].score >= 0.3 for ticker in good)
    assert all(found[ticker].score <= -0.3 for ticker in bad)


def test_a_coin_without_a_clause_of_its_own_has_the_score_of_the_headline() -> None:
    assert parts_by_asset("Bitcoin flips ether", [REGISTRY.asset("BTC"), REGISTRY.asset("ETH")], bool) == {}
    found = scores("Bitcoin and ether slide on tariffs", "BTC", "ETH", "SOL")

    assert found["BTC"].score == found["ETH"].score == found["SOL"].score < -0.3


@given(st.text(max_size=200))
def test_any_headline_gives_every_asset_a_score_or_none(title: str) -> None:
    try:
        found = scores(title, "BTC", "ETH", "LINK")
    except CannotSay:
        return
    assert found.keys() == {"BTC", "ETH", "LINK"}


@given(
    st.lists(
        st.sampled_from(["profit", "loss", "from", "1", "2,000.5", "bn", "compared to", ".", "x"]),
        max_size=60,
    )
)
def test_figures_of_any_kind_are_compared_or_left(words: list[str]) -> None:
    assert abs(compare_figures(" ".join(words))) in {0.0, 2.2}
