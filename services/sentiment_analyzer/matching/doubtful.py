"""Judges spellings that may mean something else: LINK or a link, NEAR or near, Optimism or optimism.

Each is looked at where it stands, then all of a text together: coins in a list vouch for one another, and so do
two spellings of one coin.
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


class Judge:
    """Decides about the doubtful spellings found in a text."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._about_coins = registry.words_before | registry.words_after
        words = "|".join(sorted(registry.price_words, key=len, reverse=True))
        self._figure = re.compile(
            rf"(?:['\u2019]s)? (?:(?:{words}) (?:by )?[+-]?\$?\d|[+-]\d)", re.IGNORECASE
        )
        self._loud = frozenset(registry.assets) | registry.abbreviations

    def bars(self, words: Words, first: int, end: int, phrase: Phrase) -> bool:
        """Whether a doubtful spelling cannot be the coin at this place, whatever the rest says."""
        last = end - 1
        if words.before(first) in _HYPHENS or words.after(last) in _HYPHENS:
            return True
        if words.lower[end : end + 1] and words.lower[end] in self._registry.stock_words_after:
            return True
        if phrase.doubt is Doubt.SYMBOL or _in_brackets(words, first, last):
            return False
        return words.shouting or self._is_stressed(words, first, end)

    def _is_stressed(self, words: Words, first: int, end: int) -> bool:
        """Capitals beside other words in capitals are loudness: "BITCOIN TRADES NEAR TOKEN RECORD, analyst says"."""
        if not all(word.isupper() for word in words.written[first:end]):
            return False
        beside = [
            words.written[index]
            for index, gap in ((first - 1, first - 1), (end, end - 1))
            if 0 <= index < len(words.written) and words.between(gap, gap + 1) == " "
        ]
        return any(len(word) > 1 and word.isupper() and word not in self._loud for word in beside)

    def __call__(self, words: Words, found: Sequence[Found], elsewhere: Callable[[], bool]) -> list[Found]:
        """What is found without the doubtful spellings that are not meant."""
        meant = [not one.doubt or self._stands(words, one) for one in found]
        _vouch_by_spelling(words, found, meant)
        _vouch_by_list(words, found, meant)
        if any(one.doubt is Doubt.SYMBOL and not sure for one, sure in zip(found, meant, strict=True)):
            signs = any(sure and not one.ignore for one, sure in zip(found, meant, strict=True))
            if signs or not self._about_coins.isdisjoint(words.lower) or elsewhere():
                meant = [sure or one.doubt is Doubt.SYMBOL for one, sure in zip(found, meant, strict=True)]
        return [one for one, sure in zip(found, meant, strict=True) if sure]

    def _stands(self, words: Words, one: Found) -> bool:
        """Whether the words around a doubtful spelling say that it is a coin."""
        follows, gap = _following(words, one.end)
        if _in_brackets(words, one.first, one.end - 1) or (
            gap == " " and follows in self._registry.name_words_after
        ):
            return True
        if one.doubt is Doubt.COMMON:
            return False
        headed = not one.first and words.after(one.end - 1) == ":"  # "LINK: three levels to watch"
        return bool(
            headed
            or (gap == " " and follows in self._registry.words_after)
            or self._figure.match(words.text, words.ends[one.end - 1])
            or (self._is_led_in(words, one.first) and not follows[:1].isdigit())
        )

    def _is_led_in(self, words: Words, first: int) -> bool:
        return (
            first > 0
            and words.between(first - 1, first) == " "
            and words.lower[first - 1] in self._registry.words_before
        )


def _in_brackets(words: Words, first: int, last: int) -> bool:
    return words.before(first) == "(" and words.after(last) == ")"


def _following(words: Words, end: int) -> tuple[str, str]:
    """The word after a spelling and its possessive s, in lower case, and what stands between; or nothing."""
    if end < len(words.lower) and words.lower[end] == "s" and words.after(end - 1) in _POSSESSIVES:
        end += 1
    return (words.lower[end], words.between(end - 1, end)) if end < len(words.lower) else ("", "")


def _vouch_by_spelling(words: Words, found: Sequence[Found], meant: list[bool]) -> None:
    """Two spellings of one coin in one text are no accident: "Harmony's ONE"."""
    spellings: dict[str, set[str]] = defaultdict(set)
    for one in found:
        if one.ticker:
            spellings[one.ticker].add(" ".join(words.lower[one.first : one.end]))
    for index, one in enumerate(found):
        meant[index] = meant[index] or (one.ticker is not None and len(spellings[one.ticker]) > 1)


def _vouch_by_list(words: Words, found: Sequence[Found], meant: list[bool]) -> None:
    """In "ADA, LINK and XRP" each is a coin if one is, or if two are no common words."""
    for chain in _chains(words, found):
        sure = [index for index in chain if meant[index]]
        capitals = [index for index in chain if words.written[found[index].first].isupper()]
        sober = [index for index in capitals if found[index].doubt is not Doubt.COMMON]
        if not sure and len(sober) < 2:  # noqa: PLR2004 - two, as said above
            continue
        for index in chain:
            one = found[index]
            common = one.doubt is Doubt.COMMON and index not in capitals and len(chain) < _SHORTEST_LIST
            follows, gap = _following(words, one.end)
            meant[index] = meant[index] or not (common or (gap == " " and follows in _NO_COIN_AFTER))


def _chains(words: Words, found: Sequence[Found]) -> list[list[int]]:
    """The lists of coins in a text, as indices into `found`."""
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
