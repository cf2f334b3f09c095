"""Decides by the words of two articles of a story whether one denies or corrects the other. Pure.

The signs of scores do not show this. A scorer that counts words scores "the regulator has not approved it" like the
approval, and a correction from 250 to 25 million is still good news. The words are in `denial_words.toml`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from services.sentiment_analyzer.stories.match import LEAD_CHARS, headline_words

WORDS_FILE = Path(__file__).with_name("denial_words.toml")
NEGATION_REACH = 4
"""The largest number of words after a negation in a lead to which the negation refers."""
CORRECTED = 1.9
"""Two articles contradict each other if each headline has one amount, and the amounts differ at least by this
factor."""

_MONEY = re.compile(
    r"[$€£¥]\s?(\d[\d,]*(?:\.\d+)?)\s*(trillion|billion|million|thousand|tn|bn|mn|[kmbt])?\b", re.IGNORECASE
)
_COINS = re.compile(
    r"(?<![$€£¥\d.,])(?<![$€£¥]\s)\b(\d[\d,]*(?:\.\d+)?)\s*(billion|million|thousand|bn|mn|[kmb])?\s+"
    r"(?:btc|bitcoins?|coins|eth|ether|xrp|sol|bnb|doge|tokens)\b",
    re.IGNORECASE,
)
_UNITS = {"trillion": 1e12, "tn": 1e12, "t": 1e12, "billion": 1e9, "bn": 1e9, "b": 1e9}
_UNITS |= {"million": 1e6, "mn": 1e6, "m": 1e6, "thousand": 1e3, "k": 1e3}


class Claim(NamedTuple):
    """The parts of an article that are compared.

    Attributes:
        denies: whether headline or lead has a word of denial, correction or falsity, or the headline negates
            something.
        words: the words of the headline, stemmed.
        negated: the words of the lead that follow a negation closely, stemmed.
        money: the amount of money in the headline if there is exactly one; otherwise None.
        coins: the number of coins in the headline if there is exactly one; otherwise None.
        is_open: whether the headline says that the event is uncertain, or has not happened yet.
    """

    denies: bool
    words: frozenset[str]
    negated: frozenset[str]
    money: float | None
    coins: float | None
    is_open: bool


def contradicts_by_words(one: Claim, other: Claim) -> bool:
    """Whether one of two articles of a story denies or corrects the other."""
    is_corrected = _is_corrected(one.money, other.money) or _is_corrected(one.coins, other.coins)
    return is_corrected or one_denies(one, other)


def one_denies(one: Claim, other: Claim) -> bool:
    """Whether one of two articles denies the other. A different amount is a correction, not a denial."""
    denies = one.denies or not one.negated.isdisjoint(other.words)
    denied = other.denies or not other.negated.isdisjoint(one.words)
    return denies != denied


@lru_cache(maxsize=4096)
def claim_of(title: str, lead: str) -> Claim:
    """Return the claim of an article with that headline and lead."""
    title, lead = _plain(title), _plain(lead[:LEAD_CHARS])
    patterns = _patterns()
    headline = patterns.harmless.sub(" ", title)
    found = [patterns.anywhere.search(text) for text in (title, lead)]
    found += [pattern.search(headline) for pattern in (patterns.headline, patterns.negations)]
    denies = any(found)
    is_open = patterns.open.search(title) is not None
    return Claim(
        denies,
        headline_words(title),
        _negated(patterns, lead),
        _amount(_MONEY, title),
        _amount(_COINS, title),
        is_open,
    )


class _Patterns(NamedTuple):
    anywhere: re.Pattern[str]
    headline: re.Pattern[str]
    open: re.Pattern[str]
    negations: re.Pattern[str]
    harmless: re.Pattern[str]


@cache
def _patterns() -> _Patterns:
    content = tomllib.loads(WORDS_FILE.read_text("utf-8"))
    return _Patterns(*(_any_of(content[name]) for name in _Patterns._fields))


def _any_of(patterns: Iterable[str]) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(patterns)})(?!\w)", re.IGNORECASE)


def _plain(text: str) -> str:
    return " ".join(text.replace("\u2019", "'").replace("\u2018", "'").split())


def _negated(patterns: _Patterns, lead: str) -> frozenset[str]:
    lead = patterns.harmless.sub(" ", lead)
    found: set[str] = set()
    for negation in patterns.negations.finditer(lead):
        sentence = re.split(r"[.;!?]", lead[negation.end() :], maxsplit=1)[0]
        words = sentence.split()[:NEGATION_REACH]
        found |= headline_words(" ".join(word for word in words if word[0].islower()))
    return frozenset(found)


def _amount(kind: re.Pattern[str], title: str) -> float | None:
    amounts = {
        float(number.replace(",", "")) * _UNITS.get(unit.lower(), 1.0) for number, unit in kind.findall(title)
    }
    return amounts.pop() if len(amounts) == 1 else None


def _is_corrected(one: float | None, other: float | None) -> bool:
    return bool(one and other and max(one, other) >= CORRECTED * min(one, other))
