"""Which of two coins a headline says is the better: "ETH gains on BTC", "Bitcoin trails ether".

Only where the one is named right before the words that compare, and the other right after.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from services.sentiment_analyzer.matching.assets import Asset
from services.sentiment_analyzer.scorers.lexicon.clauses import names_of
from services.sentiment_analyzer.scorers.lexicon.data import Comparisons

AHEAD, BEHIND = 2.0, -2.0
"""Valence for the coin that the headline is about."""
LEFT_BEHIND, LEFT_AHEAD = -1.2, 1.2
"""For the one that it is held against: that another does better harms it less than a fall of its own."""
_END = re.compile(r"\s*(?:$|[,;:.!?]|(?:as|while|amid|in|after|for|and|by|with|since|this|over|at|again)\b)")


class Compared(NamedTuple):
    """What a comparison says of a coin, and what the headline says besides."""

    valence: float
    rest: str


def compare_assets(text: str, assets: Sequence[Asset], words: Comparisons) -> Mapping[str, Compared]:
    """By ticker, for those of the assets that the text holds against another coin, or another against them.

    Args:
        text: a headline or a clause of one.
        assets: those to judge; the other may be any coin of the registry.
        words: those that compare.
    """
    if words.begin.isdisjoint(text.lower().split()) or not words.between.search(text):
        return {}
    names, tickers = names_of(tuple(assets), others=True)
    mentions = list(names.finditer(text))
    asked = {asset.ticker for asset in assets}
    found: dict[str, Compared] = {}
    for one, other in pairwise(mentions):
        between = words.between.fullmatch(text, one.end(), other.start())
        subject, held_against = (tickers[each[1].lower()] for each in (one, other))
        if between is None or subject == held_against:
            continue
        if between["preposition"] == "on" and not _END.match(text, other.end()):
            continue  # "gains on ether hopes"
        rest = f"{text[: one.start()]} {text[other.end() :]}"
        is_better = between["better"] is not None
        both = {
            held_against: LEFT_BEHIND if is_better else LEFT_AHEAD,
            subject: AHEAD if is_better else BEHIND,
        }
        found |= {ticker: Compared(valence, rest) for ticker, valence in both.items() if ticker in asked}
    return found
