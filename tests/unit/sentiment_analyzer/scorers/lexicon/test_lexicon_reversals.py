"""Verbs that end or undo a move turn its sign, wherever they stand, and only that of the move that they are about."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.errors import CannotSay
from services.sentiment_analyzer.article.text import ArticleText
from services.sentiment_analyzer.matching.assets import MARKET
from services.sentiment_analyzer.scorers.lexicon.data import load_lexicon
from services.sentiment_analyzer.scorers.lexicon.scorer import LexiconScorer

SCORER = LexiconScorer()
WORDS = sorted({word for token in load_lexicon().reversals.begin for word in token.split("_")})
MOVES = sorted(load_lexicon().reversals.moves)


def score(title: str) -> float:
    return SCORER.score(ArticleText(title), [MARKET]).by_ticker["MARKET"].score


@pytest.mark.parametrize(
    "headline",
    [
        "Bitcoin halts slide",
        "Bitcoin snaps losing streak",
        "Bitcoin pares losses",
        "Bitcoin falls less than expected after CPI",
        "Bitcoin fails to fall despite outflows",
        "Bitcoin halts its worst five-day losing streak",
        "Funds end six-week run of outflows",
        "Sell-off in altcoins eases",
        "Losses pared by the close",
        "Miner posts smaller-than-expected loss",
        "Inflation rises less than feared",
        "Bitcoin rebounds from its steepest drop",
        "Nothing can stop the rally",
        "Bears fail to drag Bitcoin below support",
    ],
)
def test_a_fall_that_ends_or_does_not_come_is_good(headline: str) -> None:
    assert score(headline) > 0.25


@pytest.mark.parametrize(
    "headline",
    [
        "Bitcoin snaps winning streak",
        "Bitcoin trims gains",
        "Bitcoin gives up gains",
        "Bitcoin erases gains",
        "Rally in altcoins fades",
        "Uptrend broken",
        "Bitcoin fails to hold its gains",
        "Bitcoin fails to halt its slide",
        "Stimulus hopes cannot stop the decline",
        "Inflows grow less than hoped",
        "Ether retreats from its record high",
        "Bitcoin sits out the rally",
    ],
)
def test_a_rise_that_ends_or_does_not_come_is_bad(headline: str) -> None:
    assert score(headline) < -0.25


@pytest.mark.parametrize(
    ("headline", "sign"),
    [
        ("Bitcoin extends losing streak", -1),
        ("Bitcoin falls as the rally ends in panic", -1),
        ("Ether ends the week with losses", -1),
        ("Bitcoin falls on fading demand", -1),
        ("Bitcoin stops at nothing, gains 10%", 1),
        ("Exchange halts withdrawals", -1),
        ("Bitcoin loses ground, Ether gains", 0),
        ("Smaller coins rally", 1),
    ],
)
def test_a_move_that_nothing_ends_keeps_its_sign(headline: str, sign: int) -> None:
    found = score(headline)
    assert (found > 0.1) - (found < -0.1) == sign


@given(st.lists(st.sampled_from([*WORDS, *MOVES, "bitcoin", ",", "from", "than", "not", "its"]), max_size=12))
def test_any_order_of_these_words_is_read_within_the_scale(words: list[str]) -> None:
    try:
        found = score(" ".join(words).replace("_", " "))
    except CannotSay:
        return
    assert -1 <= found <= 1
