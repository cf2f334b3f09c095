"""Words of denial, correction or falsity between two tellings."""

from __future__ import annotations

import pytest

from services.sentiment_analyzer.stories.denials import claim_of, contradicts_by_words

CLAIM = "SEC approves Granite Capital's spot bitcoin ETF"


def between(one: str, other: str, one_lead: str = "", other_lead: str = "") -> bool:
    first, second = claim_of(one, one_lead), claim_of(other, other_lead)
    assert contradicts_by_words(first, second) == contradicts_by_words(second, first)
    return contradicts_by_words(first, second)


@pytest.mark.parametrize(
    "title",
    [
        "SEC denies approval of Granite Capital's bitcoin ETF",
        "SEC hasn't approved Granite Capital's bitcoin ETF",
        "SEC hasn\u2019t approved Granite Capital's bitcoin ETF",
        "SEC walks back approval of Granite Capital's bitcoin ETF",
        "Approval of Granite Capital's bitcoin ETF is fake news",
        "Correction: SEC reviews Granite Capital's bitcoin ETF",
        "SEC clarifies: Granite Capital's bitcoin ETF under review",
        "Report of SEC approval of bitcoin ETF dismissed",
        "SEC's hacked account announced bitcoin ETF",
        "No decision on bitcoin ETF, says SEC",
        "SEC rejects claims that it approved bitcoin ETF",
        "SEC rescinds approval of Granite Capital's bitcoin ETF",
        "SEC calls off approval of Granite Capital's bitcoin ETF",
        "Approval of Granite Capital's bitcoin ETF is withdrawn by SEC",
        "SEC declines to approve Granite Capital's bitcoin ETF",
        "SEC refuses Granite Capital's bitcoin ETF",
        "SEC approves Granite Capital's bitcoin ETF: only a rumor",
        "SEC approval of Granite Capital's bitcoin ETF was a test message",
        "SEC approval of Granite Capital's bitcoin ETF in doubt",
        "Granite Capital backs out of bitcoin ETF",
        "Nope: SEC approves Granite Capital's bitcoin ETF",
    ],
)
def test_a_denial_stands_between_a_claim_and_its_denial(title: str) -> None:
    assert between(CLAIM, title)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (CLAIM, "Granite Capital wins SEC approval for its spot bitcoin ETF"),
        ("Court denies Ripple's motion, XRP falls", "Ripple loses motion in court, XRP drops"),
        ("Bitcoin enters correction", "Bitcoin slides ten percent"),
        ("Bitcoin in false breakout above $70,000", "Bitcoin falls back below $70,000"),
        ("Bitcoin walks back to $60,000", "Bitcoin falls to $60,000"),
        ("Two men plead not guilty in bitcoin theft", "Pair pleads innocent in theft of bitcoin"),
        ("Vantor fined $1.5 billion", "Vantor to pay $1.45B fine"),
        ("Update no. 3: bitcoin rises", "Bitcoin climbs"),
        ("SEC denies approving the bitcoin ETF", "SEC has not approved the bitcoin ETF"),
        ("Bitcoin falls to $50,000 before ETF ruling", "Bitcoin declines to $50,000 before ETF ruling"),
        ("Bitcoin falls on ETF approval", "Bitcoin drops on ETF approval"),
        ("Bitcoin climbs to $90,000 again", "Bitcoin returns to $90,000"),
        ("Strategy refuses to comment on bitcoin purchase", "Strategy silent on bitcoin purchase"),
    ],
)
def test_none_stands_between_two_that_say_the_same(one: str, other: str) -> None:
    assert not between(one, other)


def test_a_negation_in_a_lead_counts_before_a_word_of_the_other_headline() -> None:
    headline = "SEC and Granite Capital's bitcoin ETF"
    assert between(CLAIM, headline, other_lead="The regulator did not approve the fund.")
    assert not between(CLAIM, headline, other_lead="The regulator did not comment on Friday.")


def test_amounts_of_another_size_are_a_correction() -> None:
    assert between("Firm raises $250 million for bitcoin", "Firm raises $25M for bitcoin")
    assert not between("Firm raises $250 million for bitcoin", "Firm raises $0.25B for bitcoin")
    assert not between("Firm raises $250 million for bitcoin", "Firm raises $250M, owes $10M, for bitcoin")


def test_numbers_of_coins_of_another_size_are_a_correction() -> None:
    assert between("El Salvador buys 10,000 bitcoin", "El Salvador buys 1,000 BTC")
    assert not between("El Salvador buys 10,000 bitcoin", "El Salvador purchases 10k BTC")
    assert not between("Firm buys $90M bitcoin", "Firm buys 1,000 bitcoin"), "money is not a number of coins"


def test_what_was_stolen_is_not_returned_by_the_theft() -> None:
    theft = "Hackers steal $90 million in bitcoin from exchange Coinharbor"
    assert between(theft, "Coinharbor exchange hackers return $90 million in bitcoin")
    assert between(theft, "Hackers failed to steal $90 million in bitcoin from exchange Coinharbor")
