"""Computes how similar two articles are, for clustering them into stories. Pure.

Articles are compared by the words of their headlines and leads that are not common in this field. How the measure and
its numbers were chosen is in docs/adr/0009-one-story-once.md.
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
"""The largest time between an article and the first article of a story that it can join."""
LEAD_CHARS = 300
LEAD_WORDS = 30
SAME_STORY = 41.0
"""Two articles with at least this similarity belong to one story."""
RELATED = 31.0
SHARE_RELATED = 1 / 3
"""An article joins a story only if its similarity to at least this share of the story's articles is RELATED or more.
Otherwise different stories would merge."""
HIGHEST_RATIOS = 129.0
"""If both ratios together would have to exceed this for two articles to be similar enough, the articles count as not
similar."""
HIGHEST_TEXT_RATIO = 72.0
"""If, after the headlines were compared, the ratio of the texts would have to exceed this, the articles count as not
similar."""
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
    """The parts of an article that are compared, and its id.

    Attributes:
        title: the headline as the scorers read it. `lead`, too, is the lead as the scorers read it.
        about: the tickers of the assets that the article is about; empty if the article is about the market.
    """

    article_id: str
    published: datetime
    title: str
    lead: str = ""
    about: frozenset[str] = frozenset()


class Fingerprint(NamedTuple):
    """The words by which articles are compared.

    Attributes:
        title: the words of the headline that are not common in this field, each once, sorted.
        text: the words of headline and lead that are not common in this field, each once, sorted.
        words: the words of `text`.
        headline: all words of the headline except the stop words.
        is_template: whether the headline is that of a daily column or an advertisement.
    """

    title: str
    text: str
    words: frozenset[str]
    headline: str
    is_template: bool


@lru_cache(maxsize=4096)  # computed when a story is looked up, and again when the article is added
def fingerprint(title: str, lead: str) -> Fingerprint:
    """Return the words of an article that are compared."""
    headline = _tokens(title)
    in_title = _rare_words(headline)
    in_text = in_title + _rare_words(_tokens(lead[:LEAD_CHARS]))[:LEAD_WORDS]
    return Fingerprint(
        title=" ".join(sorted(set(in_title))),
        text=" ".join(sorted(set(in_text))),
        words=frozenset(in_text),
        headline=" ".join(headline),
        is_template=word_lists().templates.search(title.lower()) is not None,
    )


def similarity(one: Fingerprint, other: Fingerprint, apart: timedelta, at_least: float = 0.0) -> float:
    """Return the similarity of two articles, which is usually below 40 and at most about 147.

    `apart` is the time between their publication. The similarity is the sum of four terms. The first two are a third
    of the `token_set_ratio` of the headlines and a third of that of the whole texts (rapidfuzz: 0..100, whatever the
    order of words). The third is 80 times the share of the words that both articles contain among all words
    (Jaccard). The fourth is -0.6 for each hour between the articles, because the next event about the same company is
    reported in much the same words. To save time, 0 is returned if the similarity can hardly reach `at_least`. Among
    140,000 pairs of an archive, the similarity of one in 5,000 would still have reached it.
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
    """Return the words of a headline except the stop words, without their endings."""
    return frozenset(map(stem, _tokens(text)))


@dataclass(frozen=True, slots=True)
class WordLists:
    """The word lists in `story_words.toml`."""

    stop: frozenset[str]
    common: frozenset[str]
    fillers: frozenset[str]
    templates: re.Pattern[str]


@cache
def word_lists() -> WordLists:
    """Return the word lists, which are read once."""
    content = tomllib.loads(WORDS_FILE.read_text("utf-8"))
    phrases = "|".join(re.escape(phrase) for phrase in content["templates"].strip().split("|"))
    stop = frozenset(content["stop"].split())
    return WordLists(
        stop,
        stop | frozenset(content["common"].split()),
        frozenset(content["fillers"].split()),
        re.compile(rf"\b(?:{phrases})\b"),
    )


def _rare_words(tokens: Sequence[str]) -> list[str]:
    common = word_lists().common
    return [stem(token) for token in tokens if token not in common]


def _tokens(text: str) -> list[str]:
    plain = text.lower().replace("\u2019", "'").replace("'s", "")
    stop = word_lists().stop
    return [token for token in _TOKEN.findall(_AMOUNT.sub(_amount, plain)) if token not in stop]


def _amount(found: re.Match[str]) -> str:
    """Return an amount in one notation: $1.50 billion and 1.5B become 1.5b, 12k becomes 12000."""
    number = found[1].replace(",", "")
    if "." in number:
        number = number.rstrip("0").rstrip(".")
    unit = _UNITS.get(found[2] or "", found[2] or "")
    if unit == "k":
        number, unit = f"{float(number) * 1000:.0f}", ""
    return f" {number}{unit} "


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """Return a word without its ending."""
    if word[0].isdigit() or len(word) <= _SHORTEST_STEM:
        return word
    for ending in _ENDINGS:
        if word.endswith(ending) and not word.endswith("ss") and len(word) - len(ending) >= _SHORTEST_STEM:
            word = word.removesuffix(ending)
            break
    return word.rstrip("ey")
