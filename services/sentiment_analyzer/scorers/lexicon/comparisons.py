"""Decides which of two coins a headline calls better, as in "ETH gains on BTC" or "Bitcoin trails ether".

A comparison counts only if one coin is named directly before the comparing words and the other directly after them.
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
"""The valences for the coin that is the subject of the comparison."""
LEFT_BEHIND, LEFT_AHEAD = -1.2, 1.2
"""The valences for the coin with which the subject is compared. They are smaller than those of the subject, because a
coin is harmed less if another coin rises than if its own price falls."""
_END = re.compile(r"\s*(?:$|[,;:.!?]|(?:as|while|amid|in|after|for|and|by|with|since|this|over|at|again)\b)")


class Compared(NamedTuple):
    """The valence of a coin in a comparison, and the rest of the text around the comparison."""

    valence: float
    rest: str


def compare_assets(text: str, assets: Sequence[Asset], words: Comparisons) -> Mapping[str, Compared]:
    """Return the comparisons in a text, keyed by the tickers of the given assets that are compared.

    Args:
        text: a headline, or a clause of a headline.
        assets: the assets to judge; the other coin of a comparison may be any coin of the registry.
        words: the patterns of comparing words.
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
