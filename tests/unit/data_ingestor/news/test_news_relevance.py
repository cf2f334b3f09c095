from __future__ import annotations

import pytest

from services.data_ingestor.news.relevance import LOOKED_AT, is_relevant


@pytest.mark.parametrize(
    "title",
    [
        "Bitcoin's quiet week",
        "What BTC/USDT tells us",
        "$ETH at a crossroads",
        "#bitcoin trends again",
        "Cryptocurrencies and the tax office",
        "Stablecoins for small shops",
        "An ETHEREUM upgrade, explained",
        "SOL leads the weekend",
        "Exchange wallets are emptying",
        "SEC delays its answer on another ETF",
    ],
)
def test_an_article_about_crypto_is_relevant(title: str) -> None:
    assert is_relevant(title, "")


@pytest.mark.parametrize(
    "title",
    [
        "The best games of the spring",
        "Together again: a band returns",  # ether
        "Methods of the census",  # eth
        "The sun and the link between seasons",  # link
        "Near the river, an old mill",  # near
        "A token of gratitude",  # one hint alone
        "Tokens, a token, the token",  # the same hint thrice
        "Whether to encrypt",  # crypt
        "",
    ],
)
def test_an_article_about_something_else_is_not(title: str) -> None:
    assert not is_relevant(title, "")


def test_the_body_counts_as_far_as_it_is_looked_at() -> None:
    assert is_relevant("Markets today", "Traders turned to bitcoin.")
    assert not is_relevant("Markets today", "x " * LOOKED_AT + "bitcoin")


def test_two_hints_may_stand_apart() -> None:
    assert is_relevant("A validator goes offline", "The mainnet kept running.")
