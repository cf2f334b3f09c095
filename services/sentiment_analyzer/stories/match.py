"""Which articles tell the same story. Pure: the same articles in the same order always give the same stories.

Two tellings are compared by the words of their headlines and leads that are not common in this field. How the
measure and its numbers were chosen is in docs/adr/0009-one-story-once.md.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from rapidfuzz import fuzz

WORDS_FILE = Path(__file__).with_name("story_words.toml")
WINDOW = timedelta(hours=48)
"""A telling belongs to no story that was first told longer before it than this."""
LEAD_CHARS = 300
LEAD_WORDS = 30
SAME_STORY = 41.0
"""Two tellings at least this similar tell the same story."""
RELATED = 31.0
SHARE_RELATED = 1 / 3
"""At least this share of a story's tellings must be related to a new one: stories must not run into each other."""
HIGHEST_RATIOS = 129.0
"""Of headlines and texts together, in tellings that are not alike by their words and hours."""
HIGHEST_TEXT_RATIO = 72.0
"""Of texts, in such that are not alike by their words, hours and headlines."""
SAME_TEXT = 90.0
SAME_WORDS = 0.4

_TOKEN = re.compile(r"[^\W_]+(?:['.][^\W_]+)*")
_HOUR = timedelta(hours=1)
_AMOUNT = re.compile(r"(\d[\d,]*(?:\.\d+)?)\s*(trillion|billion|million|thousand|bn|mn|[kmbt])?\b")
_UNITS = {"trillion": "t", "billion": "b", "bn": "b", "million": "m", "mn": "m", "thousand": "k"}
_ENDINGS = ("ings", "ing", "ies", "ed", "es", "s")
_SHORTEST_STEM = 4


@dataclass(frozen=True, slots=True)
class Telling:
    """An article as far as it matters here.

    Attributes:
        title: as the scorers see it, like `lead`.
        about: the tickers of the assets that it is about, as far as it is about certain ones.
    """

    article_id: str
    published: datetime
    title: str
    lead: str = ""
    about: frozenset[str] = frozenset()


class Fingerprint(NamedTuple):
    """What of a telling is compared.

    Attributes:
        title: the words of the headline that tell one story from another, each once, in the order of letters.
        text: likewise of headline and lead.
        words: those of `text`.
        headline: all words of the headline but the stop words.
        is_template: it is the headline of a daily column or an advertisement.
    """

    title: str
    text: str
    words: frozenset[str]
    headline: str
    is_template: bool


@lru_cache(maxsize=4096)  # asked when a story is looked for, and again when the telling is noted
def fingerprint(title: str, lead: str) -> Fingerprint:
    """The words that tell one story from another."""
    headline = _tokens(title)
    in_title = _telling_words(headline)
    in_text = in_title + _telling_words(_tokens(lead[:LEAD_CHARS]))[:LEAD_WORDS]
    return Fingerprint(
        title=" ".join(sorted(set(in_title))),
        text=" ".join(sorted(set(in_text))),
        words=frozenset(in_text),
        headline=" ".join(headline),
        is_template=word_lists().templates.search(title.lower()) is not None,
    )


def similarity(one: Fingerprint, other: Fingerprint, apart: timedelta, at_least: float = 0.0) -> float:
    """How similar two tellings are that were published so far apart: up to about 147, usually below 40.

    A third each of the headlines' and the whole texts' `token_set_ratio` (rapidfuzz: 0..100, whatever the order of
    words), plus 80 times the share of common words among all (Jaccard), less 0.6 for each hour: what happens to the
    same company next day is told in much the same words. 0 where it is hardly ever as much as `at_least`: of 140,000
    pairs of an archive one in 5,000 was more.
    """
    shared = len(one.words & other.words)
    if not shared:
        return 0.0
    jaccard = shared / (len(one.words) + len(other.words) - shared)
    if one.is_template or other.is_template:
        is_same = jaccard >= SAME_WORDS and fuzz.token_set_ratio(one.headline, other.headline) >= SAME_TEXT
        if not is_same:
            return 0.0
    rest = 80 * jaccard - 0.6 * (abs(apart) / _HOUR)
    wanted = 3 * (at_least - rest) if at_least else 0.0  # of the two ratios together
    if wanted > HIGHEST_RATIOS:
        return 0.0
    titles = fuzz.token_set_ratio(one.title, other.title)
    if wanted - titles > HIGHEST_TEXT_RATIO:
        return 0.0
    return (titles + fuzz.token_set_ratio(one.text, other.text)) / 3 + rest


def headline_words(text: str) -> frozenset[str]:
    """The words of a headline but the stop words, without their endings."""
    return frozenset(map(stem, _tokens(text)))


@dataclass(frozen=True, slots=True)
class WordLists:
    """The lists of `story_words.toml`."""

    stop: frozenset[str]
    common: frozenset[str]
    fillers: frozenset[str]
    templates: re.Pattern[str]


@cache
def word_lists() -> WordLists:
    """Read once."""
    content = tomllib.loads(WORDS_FILE.read_text("utf-8"))
    phrases = "|".join(re.escape(phrase) for phrase in content["templates"].strip().split("|"))
    stop = frozenset(content["stop"].split())
    return WordLists(
        stop,
        stop | frozenset(content["common"].split()),
        frozenset(content["fillers"].split()),
        re.compile(rf"\b(?:{phrases})\b"),
    )


def _telling_words(tokens: Sequence[str]) -> list[str]:
    common = word_lists().common
    return [stem(token) for token in tokens if token not in common]


def _tokens(text: str) -> list[str]:
    plain = text.lower().replace("\u2019", "'").replace("'s", "")
    stop = word_lists().stop
    return [token for token in _TOKEN.findall(_AMOUNT.sub(_amount, plain)) if token not in stop]


def _amount(found: re.Match[str]) -> str:
    """One way to write an amount: $1.50 billion and 1.5B are 1.5b, 12k is 12000."""
    number = found[1].replace(",", "")
    if "." in number:
        number = number.rstrip("0").rstrip(".")
    unit = _UNITS.get(found[2] or "", found[2] or "")
    if unit == "k":
        number, unit = f"{float(number) * 1000:.0f}", ""
    return f" {number}{unit} "


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """A word without its ending."""
    if word[0].isdigit() or len(word) <= _SHORTEST_STEM:
        return word
    for ending in _ENDINGS:
        if word.endswith(ending) and not word.endswith("ss") and len(word) - len(ending) >= _SHORTEST_STEM:
            word = word.removesuffix(ending)
            break
    return word.rstrip("ey")
