"""Decides whether an ambiguous spelling means the coin, as with LINK or a link, NEAR or near, Optimism or optimism.

The words around each spelling are examined first, and then the text as a whole. The coins in a list confirm one
another, and so do two spellings of one coin.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence

from services.sentiment_analyzer.matching.assets import Registry
from services.sentiment_analyzer.matching.words import Doubt, Found, Phrase, Words

_LISTING = re.compile(r" ?(?:,|/|&|\+|, and|,? or|and|vs\.?|versus)? ?")
_POSSESSIVES = frozenset("'\u2019")
_HYPHENS = frozenset("-\u2010\u2011")
_NO_COIN_AFTER = frozenset(
    ["of", "in", "to", "the", "a", "an", "its", "all", "more", "year", "day", "that", "who", "for", "is"]
)
_SHORTEST_LIST = 3
_UNCOMMON_OF_A_LIST = 2


class Disambiguator:
    """Removes the ambiguous spellings that do not mean a coin from the phrases that were found in a text."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._about_coins = registry.words_before | registry.words_after
        words = "|".join(sorted(registry.price_words, key=len, reverse=True))
        self._figure = re.compile(
            rf"(?:['\u2019]s)? (?:(?:{words}) (?:by )?[+-]?\$?\d|[+-]\d)", re.IGNORECASE
        )
        self._usual_capitals = frozenset(registry.assets) | registry.abbreviations

    def excludes(self, words: Words, first: int, end: int, phrase: Phrase) -> bool:
        """Whether an ambiguous spelling cannot mean the coin at this position, whatever the rest of the text says."""
        last = end - 1
        if words.before(first) in _HYPHENS or words.after(last) in _HYPHENS:
            return True
        if words.lower[end : end + 1] and words.lower[end] in self._registry.stock_words_after:
            return True
        if phrase.doubt is Doubt.SYMBOL or _in_brackets(words, first, last):
            return False
        return words.all_capitals or self._is_emphasis(words, first, end)

    def _is_emphasis(self, words: Words, first: int, end: int) -> bool:
        """Whether the capitals are only for emphasis, as in "BITCOIN TRADES NEAR TOKEN RECORD, analyst says"."""
        if not all(word.isupper() for word in words.written[first:end]):
            return False
        beside = [
            words.written[index]
            for index, gap in ((first - 1, first - 1), (end, end - 1))
            if 0 <= index < len(words.written) and words.between(gap, gap + 1) == " "
        ]
        return any(len(word) > 1 and word.isupper() and word not in self._usual_capitals for word in beside)

    def __call__(self, words: Words, found: Sequence[Found], elsewhere: Callable[[], bool]) -> list[Found]:
        """Return the found spellings without the ambiguous spellings that do not mean a coin."""
        accepted = [not one.doubt or self._context_confirms(words, one) for one in found]
        _accept_by_spelling(words, found, accepted)
        _accept_by_list(words, found, accepted)
        if any(one.doubt is Doubt.SYMBOL and not sure for one, sure in zip(found, accepted, strict=True)):
            names_coins = any(sure and not one.ignore for one, sure in zip(found, accepted, strict=True))
            if names_coins or not self._about_coins.isdisjoint(words.lower) or elsewhere():
                accepted = [
                    sure or one.doubt is Doubt.SYMBOL for one, sure in zip(found, accepted, strict=True)
                ]
        return [one for one, sure in zip(found, accepted, strict=True) if sure]

    def _context_confirms(self, words: Words, one: Found) -> bool:
        """Whether the words around an ambiguous spelling show that the spelling means a coin."""
        follows, gap = _following(words, one.end)
        if _in_brackets(words, one.first, one.end - 1) or (
            gap == " " and follows in self._registry.name_words_after
        ):
            return True
        if one.doubt is Doubt.COMMON:
            return False
        heads_title = not one.first and words.after(one.end - 1) == ":"  # "LINK: three levels to watch"
        return bool(
            heads_title
            or (gap == " " and follows in self._registry.words_after)
            or self._figure.match(words.text, words.ends[one.end - 1])
            or (self._follows_market_word(words, one.first) and not follows[:1].isdigit())
        )

    def _follows_market_word(self, words: Words, first: int) -> bool:
        return (
            first > 0
            and words.between(first - 1, first) == " "
            and words.lower[first - 1] in self._registry.words_before
        )


def _in_brackets(words: Words, first: int, last: int) -> bool:
    return words.before(first) == "(" and words.after(last) == ")"


def _following(words: Words, end: int) -> tuple[str, str]:
    """Return the word that follows a spelling, in lower case, and the characters before that word.

    A possessive s after the spelling is skipped. Both results are empty if no word follows.
    """
    if end < len(words.lower) and words.lower[end] == "s" and words.after(end - 1) in _POSSESSIVES:
        end += 1
    return (words.lower[end], words.between(end - 1, end)) if end < len(words.lower) else ("", "")


def _accept_by_spelling(words: Words, found: Sequence[Found], accepted: list[bool]) -> None:
    """Accept a coin that the text names by two different spellings, as in "Harmony's ONE"."""
    spellings: dict[str, set[str]] = defaultdict(set)
    for one in found:
        if one.ticker:
            spellings[one.ticker].add(" ".join(words.lower[one.first : one.end]))
    for index, one in enumerate(found):
        accepted[index] = accepted[index] or (one.ticker is not None and len(spellings[one.ticker]) > 1)


def _accept_by_list(words: Words, found: Sequence[Found], accepted: list[bool]) -> None:
    """Accept all coins of a list such as "ADA, LINK and XRP" if one is certain or two are not common words."""
    for chain in _chains(words, found):
        sure = [index for index in chain if accepted[index]]
        capitals = [index for index in chain if words.written[found[index].first].isupper()]
        uncommon = [index for index in capitals if found[index].doubt is not Doubt.COMMON]
        if not sure and len(uncommon) < _UNCOMMON_OF_A_LIST:
            continue
        for index in chain:
            one = found[index]
            common = one.doubt is Doubt.COMMON and index not in capitals and len(chain) < _SHORTEST_LIST
            follows, gap = _following(words, one.end)
            accepted[index] = accepted[index] or not (common or (gap == " " and follows in _NO_COIN_AFTER))


def _chains(words: Words, found: Sequence[Found]) -> list[list[int]]:
    """Return the lists of at least two coins in a text. Each list consists of indices into `found`."""
    chains: list[list[int]] = []
    for index, one in enumerate(found):
        if one.ticker is None or one.ignore:
            continue
        previous = chains[-1][-1] if chains else None
        if previous == index - 1 and _listed(words, found[index - 1], one):
            chains[-1].append(index)
        else:
            chains.append([index])
    return [chain for chain in chains if len(chain) > 1]


def _listed(words: Words, one: Found, other: Found) -> bool:
    between = words.text[words.ends[one.end - 1] : words.starts[other.first]]
    return bool(_LISTING.fullmatch(between)) and between.strip() != ""
