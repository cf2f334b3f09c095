from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.sentiment_analyzer.article.text import ArticleText
from services.sentiment_analyzer.matching.assets import load_registry
from services.sentiment_analyzer.matching.matcher import About, AssetMatcher, Match

PAIRS = ("BTC/USDT", "ETH/USDT", "BNB/USDT", "SOL/USDT", "LINK/USDT", "NEAR/USDT", "DOT/USDT", "ONE/USDT")


def match(title: str, body: str = "", pairs: tuple[str, ...] = PAIRS) -> Match:
    return AssetMatcher(load_registry(), pairs).match(ArticleText(title, body))


def tickers(found: Match) -> list[str]:
    return [target.asset.ticker for target in found.targets]


@pytest.mark.parametrize(
    ("headline", "expected"),
    [
        ("Bitcoin climbs as traders return", ["BTC"]),
        ("BITCOIN CLIMBS AS TRADERS RETURN", ["BTC"]),
        ("Why bitcoin's supply matters", ["BTC"]),
        ("Bitcoin\u2019s supply is fixed", ["BTC"]),
        ("BTC/USDT breaks its range", ["BTC"]),
        ("Traders pile into $btc", ["BTC"]),
        ("Ether and bitcoin part ways", ["ETH", "BTC"]),
        ("ETH slides against bitcoin", ["ETH", "BTC"]),
        ("Ether's share of fees grows", ["ETH"]),
        ("BNB burns its quarterly share", ["BNB"]),
        ("Binance Coin holders vote", ["BNB"]),
        ("SOL leads large coins", ["SOL"]),
        ("Solana's new client is out", ["SOL"]),
        ("$LINK wakes up", ["LINK"]),
        ("Chainlink adds a data feed", ["LINK"]),
        ("LINK price at a two-month low", ["LINK"]),
        ("Harmony (ONE) names a new chief", ["ONE"]),
        ("Funds buy DOT after the vote", ["DOT"]),
        ("NEAR token slips", ["NEAR"]),
        ("Near Protocol ships an update", ["NEAR"]),
        ("LINK's price recovers", ["LINK"]),
        ("DOT up 5% since Monday", ["DOT"]),
        ("LINK above $20 at last", ["LINK"]),
        ("XRP, LINK and DOT join the rally", ["LINK", "DOT"]),
        ("LINK and DOT part ways", ["LINK", "DOT"]),
        ("Harmony's ONE is back", ["ONE"]),
        ("SOL for beginners: wallets", ["SOL"]),
        ("BTC-USD slips", ["BTC"]),
        ("SOLUSDT funding turns", ["SOL"]),
        ("#LINK wakes up", ["LINK"]),
        ("LINK: three levels", ["LINK"]),
        ("Bitcoin, cash and gold", ["BTC"]),
        ("Bitcoin-gold correlation falls", ["BTC"]),
    ],
)
def test_a_coin_named_in_the_headline_is_what_the_article_is_about(
    headline: str, expected: list[str]
) -> None:
    found = match(headline)

    assert found.about is About.ASSETS
    assert tickers(found) == expected


@pytest.mark.parametrize(
    ("headline", "unwanted"),
    [
        ("Binance hires a compliance chief", "BNB"),
        ("Airbnb and BNB Paribas report earnings on crypto", "BNB"),
        ("Ethereum Classic forks again", "ETH"),
        ("Ethereum Name Service opens a vote", "ETH"),
        ("Ether.fi pays its stakers", "ETH"),
        ("Etherscan adds a dark theme for crypto wallets", "ETH"),
        ("An ethereal evening for crypto artists", "ETH"),
        ("Bitcoin Cash developers meet", "BTC"),
        ("Bitcoin SV exchange closes", "BTC"),
        ("Bitcoin Magazine hires an editor", "BTC"),
        ("Bitcoiners gather in Prague for crypto week", "BTC"),
        ("Ethereum-based lender raises funds for crypto loans", "ETH"),
        ("Click the link for crypto prices", "LINK"),
        ("The missing LINK between banks and crypto", "LINK"),
        ("Crypto prices near record", "NEAR"),
        ("CRYPTO PRICES NEAR TOKEN RECORD", "NEAR"),
        ("No one expected the crypto rally", "ONE"),
        ("ONE year of crypto rules", "ONE"),
        ("US DOT looks at crypto", "DOT"),
        ("Under the sol: crypto in Spain", "SOL"),
        ("Absolute solution for crypto storage", "SOL"),
        ("SOL in the title of a film", "SOL"),
        ("The dot-com and DOT-com bubbles and crypto", "DOT"),
        ("Bulls hold NEAR $3,000 in crypto", "NEAR"),
        ("ONE whale moves crypto", "ONE"),
        ("Bitcoin, ONE of many coins", "ONE"),
        ("Link Motion (NYSE: LINK) buys crypto", "LINK"),
        ("LINK shares fall with crypto", "LINK"),
        ("BITCOIN TRADES NEAR TOKEN RECORD, analyst says", "NEAR"),
        ("Gone into the ether with the crypto", "ETH"),
        ("The Fed dot plot and crypto", "DOT"),
        ("Crypto tax rules change, Bitcoin Magazine reports", "BTC"),
        ("BTC-ECHO names a new chief for its crypto pages", "BTC"),
        ("Crypto wallets grow, says Ethereum World News", "ETH"),
    ],
)
def test_a_word_that_only_looks_like_a_coin_is_not_one(headline: str, unwanted: str) -> None:
    assert unwanted not in tickers(match(headline))


def test_the_headline_wins_over_coins_that_the_body_mentions() -> None:
    found = match("Solana outage lasts an hour", "Solana stopped. Bitcoin and ether were calm. Bitcoin rose.")

    assert tickers(found) == ["SOL"]
    assert found.targets[0].certainty == 1.0


@pytest.mark.parametrize(
    ("body", "found"), [("Solana stopped for an hour.", ["SOL"]), ("A film about the sun.", [])]
)
def test_the_body_tells_a_ticker_from_a_word_in_the_headline(body: str, found: list[str]) -> None:
    assert tickers(match("SOL at noon", body)) == found


def test_the_share_of_a_company_in_a_cashtag_is_no_coin() -> None:
    assert match("Crypto slump drags $COIN down").about is About.MARKET


@pytest.mark.parametrize(
    "headline",
    ["Dogecoin doubles in a day", "XRP lawsuit ends", "$ZZZQ doubles in a day", "ZZZQ/USDT is listed"],
)
def test_an_article_about_a_coin_that_is_not_traded_has_no_target(headline: str) -> None:
    found = match(headline, "Bitcoin and ether hardly moved, bitcoin least.", pairs=("BTC/USDT", "ETH/USDT"))

    assert found == Match(About.NOT_TRADED)


def test_of_several_coins_in_the_headline_only_the_traded_ones_are_targets() -> None:
    found = match("XRP and bitcoin rise, dogecoin falls", pairs=("BTC/USDT", "ETH/USDT"))

    assert tickers(found) == ["BTC"]


def test_a_silent_headline_leaves_it_to_the_subject_of_the_body_with_less_certainty() -> None:
    found = match("Whale moves half a billion", "A whale sent bitcoin to an exchange. Ether was also moved.")

    assert tickers(found) == ["BTC"]
    assert found.targets[0].certainty < 1.0


def test_a_coin_named_twice_in_the_body_is_a_subject() -> None:
    found = match(
        "Whale moves half a billion", "A large transfer was seen. It was ether. The ether came from 2016."
    )

    assert tickers(found) == ["ETH"]


def test_a_body_about_many_coins_is_a_roundup_of_the_market() -> None:
    found = match("Weekly wrap", "Bitcoin, ether, solana and cardano all fell.")

    assert found.about is About.MARKET


@pytest.mark.parametrize(
    ("headline", "body"),
    [
        ("Crypto market sheds a tenth of its value", "Bitcoin fell most."),
        ("Lawmakers debate digital assets", ""),
        ("Altcoins bleed", ""),
        ("Binance sued by regulator", ""),
        ("Exchange executive arrested", "He ran a blockchain company."),
        ("Quiet day", "One dollar bought 0.00001 more of everything. Later bitcoin moved."),
    ],
)
def test_an_article_about_crypto_in_general_goes_to_all_pairs_with_half_the_certainty(
    headline: str, body: str
) -> None:
    found = match(headline, body)

    assert found.about is About.MARKET
    assert [target.pairs for target in found.targets] == [PAIRS]
    assert found.targets[0].certainty == 0.5


@pytest.mark.parametrize(
    "headline",
    [
        "Museum opens exhibition on typewriters",
        "Dow closes higher",
        "Airline shares slide, Bitcoin.com reports",
        "?!",
        "",
    ],
)
def test_an_article_about_something_else_is_off_topic(headline: str) -> None:
    assert match(headline) == Match(About.OFF_TOPIC)


def test_all_pairs_of_a_base_currency_are_one_target() -> None:
    found = match("Bitcoin rises", pairs=("BTC/USDT", "ETH/BTC", "BTC/EUR", "BTC/USDT:USDT"))

    assert [target.pairs for target in found.targets] == [("BTC/USDT", "BTC/EUR", "BTC/USDT:USDT")]


@pytest.mark.parametrize(
    ("headline", "found"),
    [
        ("QWERT rises", True),
        ("$qwert rises", True),
        ("qwert rises, as crypto does", False),
        ("QWERTY rises, as crypto does", False),
    ],
)
def test_a_coin_the_registry_does_not_know_is_found_by_its_ticker_in_capitals(
    headline: str, found: bool
) -> None:
    assert (tickers(match(headline, pairs=("QWERT/USDT",))) == ["QWERT"]) is found


@pytest.mark.parametrize(
    ("headline", "found"),
    [
        ("An AI company buys crypto", False),
        ("W is for winter in crypto", False),
        ("$AI doubles", True),
        ("W token is listed", True),
        ("AI/USDT is listed", True),
    ],
)
def test_an_unknown_ticker_that_is_short_or_an_abbreviation_needs_a_sign_that_it_is_meant(
    headline: str, found: bool
) -> None:
    targets = tickers(match(headline, pairs=("AI/USDT", "W/USDT")))

    assert (targets in (["AI"], ["W"])) is found


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text_is_matched_the_same_way_twice(title: str, body: str) -> None:
    found = match(title, body)

    assert found == match(title, body)
    assert bool(found.targets) == (found.about in {About.ASSETS, About.MARKET})


def test_every_name_of_the_registry_finds_its_own_asset() -> None:
    registry = load_registry()
    assert len(registry.assets) >= 100
    for ticker, asset in registry.assets.items():
        matcher = AssetMatcher(registry, (f"{ticker}/USDT",))
        for name in asset.names:
            found = matcher.match(ArticleText(f"News of {name} today"))
            assert tickers(found) == [ticker], name
        for symbol in asset.symbols:
            assert tickers(matcher.match(ArticleText(f"News of {symbol} and crypto"))) == [ticker], symbol
        for word in asset.words:
            found = matcher.match(ArticleText(f"News of {word} token today"))
            assert tickers(found) == [ticker], word
        for word in asset.common:
            found = matcher.match(ArticleText(f"News of {word} network today"))
            assert tickers(found) == [ticker], word


def test_news_of_an_asset_is_for_the_asset_and_all_its_pairs_that_are_named() -> None:
    names = ("SOL", "SOL/USDC", "1000PEPE/USDT:USDT", "BTC/USDT")
    assert [target.pairs for target in match("Solana's new client is out", pairs=names).targets] == [
        ("SOL", "SOL/USDC")
    ]
    assert [target.pairs for target in match("PEPE token slips", pairs=names).targets] == [
        ("1000PEPE/USDT:USDT",)
    ]
    assert [target.pairs for target in match("Crypto slips", pairs=names).targets] == [names]
