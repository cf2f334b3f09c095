from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.publishers import without_byline, without_publisher, without_source

TITLE = "Ether slides as funds leave"


@pytest.mark.parametrize(
    "ending",
    [
        " - Bitcoin News",
        " - bitcoin news",
        " – Bitcoin News",
        " — Bitcoin Magazine",
        " — The Bitcoin Magazine",
        "—Bitcoin Magazine",
        " | Bitcoin.com",
        "|NewsBTC",
        " :: CoinDesk.com",
        " // CoinDesk",
        " » coindesk",
        " - BTC-ECHO",
        " - BTC Echo",
        " - Solana Floor",
        " - Crypto Briefing",
        " - The Daily Hodl",
        " - www.theblock.co",
        " (Bitcoin News)",
        " [via Bitcoinist]",
        " via Bitcoinist",
        ", according to Bitcoin Magazine",
        " - Bitcoin News - Bitcoin News",
    ],
)
def test_a_known_publisher_at_the_end_of_a_title_is_cut(ending: str) -> None:
    assert without_publisher(TITLE + ending) == TITLE


@pytest.mark.parametrize(
    ("ending", "stated"),
    [
        (" - Der Aktionär", "DER AKTIONÄR"),
        (" - The Kryptokurier", "Kryptokurier"),
        (" - Kryptokurier", "www.kryptokurier.example"),
        (" - Kryptokurier.example", "Kryptokurier"),
        (" - Solana — das Magazin", "Solana - Das Magazin"),
        (" - コインポスト", "コインポスト"),
        (" - Bitcoin", "Bitcoin"),
        (" - Bitcoin_World_Wide", "Bitcoin World Wide"),
    ],
)
def test_whoever_is_stated_to_publish_a_title_is_cut_from_its_end(ending: str, stated: str) -> None:
    assert without_publisher(TITLE + ending, stated) == TITLE
    assert without_publisher(TITLE + ending) == TITLE + ending


@pytest.mark.parametrize(
    "title",
    [
        "Bitcoin - what next",
        "Ethereum vs. Solana - Bitcoin",
        "What the week brought | Bitcoin",
        "Bitcoin News",
        "- Bitcoin News",
        "Why Bitcoin-News matter",
        "ETF flows turn (BTC)",
        "Coins that fell: ether, Bitcoin",
        "Grayscale Bitcoin Trust - a history of Bitcoin News coverage",
        "",
    ],
)
def test_an_ending_that_is_no_publisher_stays(title: str) -> None:
    assert without_publisher(title, "bitcoin.example", "") == title


def test_a_source_that_is_called_like_a_coin_publishes_about_it() -> None:
    assert without_source("Ethereum vs. Solana - Bitcoin", "bitcoin") == "Ethereum vs. Solana - Bitcoin"
    assert without_source(f"{TITLE} - The Paper", "paper") == TITLE


def test_a_summary_that_repeats_title_and_publisher_loses_the_publisher() -> None:
    written = f"{TITLE} - Bitcoin News"
    assert without_byline(f"{TITLE} Bitcoin News", TITLE, written) == TITLE
    assert without_byline(written, TITLE, written) == TITLE
    assert (
        without_byline(f"{TITLE} and Bitcoin News spread", TITLE, written)
        == f"{TITLE} and Bitcoin News spread"
    )
    assert without_byline("Bitcoin News", TITLE, TITLE) == "Bitcoin News"


@given(st.text(max_size=120), st.text(max_size=20))
def test_a_title_is_only_ever_shortened_at_its_end_and_never_to_nothing(title: str, stated: str) -> None:
    cut = without_publisher(title, stated)
    assert title.startswith(cut)
    assert bool(cut.strip()) == bool(title.strip())
    assert without_publisher(cut, stated) == cut
