"""Headlines that hold one coin against another, without clauses of their own."""

from __future__ import annotations

import pytest

from services.sentiment_analyzer.article.text import ArticleText
from services.sentiment_analyzer.matching.assets import load_registry
from services.sentiment_analyzer.scorers.lexicon.scorer import LexiconScorer

SCORER = LexiconScorer()


def scores(headline: str, *tickers: str) -> dict[str, float]:
    assets = [load_registry().assets[ticker] for ticker in tickers]
    found = SCORER.score(ArticleText(headline), assets).by_ticker
    return {ticker: score.score for ticker, score in found.items()}


@pytest.mark.parametrize(
    ("headline", "better", "worse"),
    [
        ("ETH gains on BTC", "ETH", "BTC"),
        ("BTC overtakes ETH", "BTC", "ETH"),
        ("Solana briefly flips BNB by market cap", "SOL", "BNB"),
        ("Ether climbs 4% against Bitcoin", "ETH", "BTC"),
        ("Ethereum finally outperforms bitcoin", "ETH", "BTC"),
        ("Ether underperforms Bitcoin again", "BTC", "ETH"),
        ("Cardano loses ground to Solana", "SOL", "ADA"),
        ("$ADA slips versus $SOL", "SOL", "ADA"),
        ("Bitcoin's price lags behind ether", "ETH", "BTC"),
    ],
)
def test_what_is_good_for_one_is_bad_for_the_other(headline: str, better: str, worse: str) -> None:
    found = scores(headline, better, worse)

    assert found[better] > 0 > found[worse]
    first = min(found, key=lambda ticker: _place(headline, ticker))
    assert abs(found[first]) > max(abs(found[ticker]) for ticker in found if ticker != first)


def test_coins_that_share_a_clause_share_its_score_and_another_has_its_own() -> None:
    found = scores("Solana and Cardano fall as Bitcoin rises", "SOL", "ADA", "BTC")

    assert found["SOL"] == found["ADA"] < 0 < found["BTC"]


def test_a_comparison_holds_in_its_own_clause() -> None:
    found = scores("Bitcoin slides while ether gains ground on Solana", "BTC", "ETH", "SOL")

    assert found["BTC"] < 0
    assert found["ETH"] > 0
    assert found["SOL"] < 0


def test_a_coin_is_overtaken_by_one_that_nobody_asks_about() -> None:
    assert scores("Tron flips BNB by market cap", "BNB")["BNB"] < 0


@pytest.mark.parametrize(
    "headline",
    [
        "Bitcoin gains on Ethereum ETF hopes",
        "Solana fails to overtake Ethereum",
        "Bitcoin and Ethereum gain on inflation data",
    ],
)
def test_what_is_no_comparison_is_read_as_before(headline: str) -> None:
    tickers = [
        ticker
        for ticker, name in (("BTC", "Bitcoin"), ("ETH", "Ethereum"), ("SOL", "Solana"))
        if name in headline
    ]
    found = scores(headline, *tickers)

    assert len(set(found.values())) == 1


def test_a_question_claims_half() -> None:
    asked = scores("Will Solana overtake Ethereum?", "SOL", "ETH")
    told = scores("Solana to overtake Ethereum", "SOL", "ETH")

    assert 0 < asked["SOL"] < told["SOL"]
    assert told["ETH"] < asked["ETH"] < 0


def _place(headline: str, ticker: str) -> int:
    asset = load_registry().assets[ticker]
    spellings = [ticker, *asset.names, *asset.symbols, *asset.words]
    places = [headline.lower().find(spelling.lower()) for spelling in spellings]
    return min(place for place in places if place >= 0)
