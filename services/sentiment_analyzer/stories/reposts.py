"""Finds out whether an owner publishes a text again, that is, the same words at a new link.

Headlines must be equal without regard to case, punctuation, endings, fillers ("breaking", "just in"), the numbering
of updates (dates, times of day, "update 3"), hash tags, labels such as "(video)", and a site's name behind "|". Leads
must be nearly equal and have the same numbers, because a new amount is news.
How the measure was chosen is in docs/adr/0018-every-telling-is-scored.md.
"""

from __future__ import annotations

import re
from collections import deque
from datetime import timedelta
from functools import lru_cache
from typing import NamedTuple

from rapidfuzz import fuzz

from services.sentiment_analyzer.stories.denials import claim_of, contradicts_by_words
from services.sentiment_analyzer.stories.match import Telling, stem, word_lists
from services.sentiment_analyzer.stories.rows import KEPT, MOST_REMEMBERED, Row

MOST_COMPARED = 20
"""The largest number of articles with the same headline that are compared, which limits the work in a flood of
copies."""
SAME_LEAD = 90.0
"""Leads at least this similar (rapidfuzz `ratio`, 0..100) count as the same text."""

_MONTH = r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\.?"
_OF = r"(?:(?: of |/)\d{1,3})?"
_COUNTED = re.compile(
    "|".join(
        (
            r"\b\d{4}-\d\d-\d\d(?:t[\d:.]+z?)?\b",
            r"\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b",
            rf"\b{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?\b(?:,? \d{{4}}\b)?",
            rf"\b\d{{1,2}}(?:st|nd|rd|th)? {_MONTH}(?: \d{{4}})?\b",
            r"\b\d{1,2}:\d\d(?::\d\d)?(?: ?[ap]\.?m\b\.?)?",
            r"\b\d{1,2} ?[ap]\.?m\b\.?",
            r"\b(?:utc|gmt|est|edt|cet|cest)\b",
            rf"\b(?:updated?|repost|copy|part|version|edition|take) ?\d{{1,3}}\b{_OF}",
        )
    )
)
_DIGIT = re.compile(r"\d")
_LAST_COUNT = re.compile(
    r"(?<!\bto)(?<!\bby)(?<!\bat)(?<!\bof)(?<!\bin)(?<!\bfor)(?<!\bover)(?<!\bthan)(?<!\bunder)(?<!\babove)(?<!\bbelow)"
    rf"\s+[(\[#]*\d{{1,3}}{_OF}[)\]]*\W*$"
)
_TAGS = re.compile(r"(?:\s+#\w+)+\s*$")
_LABEL = re.compile(
    r"[(\[](?:video|photos?|pictures|watch|audio|podcast|updated?|exclusive|live|opinion|infographic)[)\]]"
)
_SITE = re.compile(r"\s+\|\s+[^\W\d]+(?: [^\W\d]+){0,2}\s*$")
_WORD = re.compile(r"[^\W_]+(?:[.,'][^\W_]+)*")
HEADLINE_ALONE = timedelta(hours=2)
"""The time after which the same headline, without a lead, may report a new event."""
ENOUGH_WORDS = 4
"""A headline without a lead identifies a text if it has at least this many words."""
ENOUGH_LEAD = 40
"""A lead of this many characters identifies a text even if the headlines end with different numbers."""


class _Headline(NamedTuple):
    """The words of a headline that are compared, and the small number after them if there is one."""

    words: tuple[str, ...]
    number: str


class _Lead(NamedTuple):
    """A lead without the numbers of updates, and the numbers in it."""

    text: str
    numbers: frozenset[str]


class Reposts:
    """Finds reposts among the articles of the last days."""

    def __init__(self) -> None:
        self._by_headline: dict[tuple[str, tuple[str, ...]], list[Row]] = {}
        self._order: deque[tuple[str, tuple[str, ...]]] = deque()

    def note(self, row: Row) -> None:
        """Add an article, and drop the oldest article if there are more than MOST_REMEMBERED."""
        key = (row.owner, _headline(row.title).words)
        self._by_headline.setdefault(key, []).append(row)
        self._order.append(key)
        if len(self._order) > MOST_REMEMBERED:
            oldest = self._order.popleft()
            rows = self._by_headline[oldest]
            del rows[0]
            if not rows:
                del self._by_headline[oldest]

    def find(self, telling: Telling, owner: str) -> list[Row]:
        """Return the articles of an owner that have the same text, the newest first."""
        alike = self._by_headline.get((owner, _headline(telling.title).words), [])
        return [row for row in reversed(alike[-MOST_COMPARED:]) if _is_same(telling, row)]


def _is_same(telling: Telling, row: Row) -> bool:
    mine, theirs = _lead(telling.lead), _lead(row.lead)
    # Without a lead the same headline may report a second event, with few words at any time.
    if not mine.text and len(_headline(telling.title).words) < ENOUGH_WORDS:
        return False
    if abs(telling.published - row.published) > (KEPT if mine.text else HEADLINE_ALONE):
        return False
    if mine.numbers != theirs.numbers or bool(mine.text) != bool(theirs.text):
        return False
    if _headline(telling.title).number != _headline(row.title).number and len(mine.text) < ENOUGH_LEAD:
        return False
    if contradicts_by_words(claim_of(telling.title, telling.lead), claim_of(row.title, row.lead)):
        return False
    return fuzz.ratio(mine.text, theirs.text) >= SAME_LEAD


@lru_cache(maxsize=4096)  # computed when an article is looked up, and again when it is added
def _headline(title: str) -> _Headline:
    title = _without_extras(_COUNTED.sub(" ", title.casefold()))
    last = _LAST_COUNT.search(title)
    words = _words(title[: last.start()] if last else title)
    fillers = word_lists().fillers
    kept = tuple(stem(word) for word in words if word not in fillers)
    return _Headline(kept or tuple(words), last[0] if last else "")


def _without_extras(title: str) -> str:
    """Return a headline without hash tags, labels such as "(video)", and a site's name behind "|"."""
    title = _LABEL.sub(" ", _TAGS.sub(" ", title)).replace(" & ", " and ")
    bare = _SITE.sub("", title)
    return bare if len(_WORD.findall(bare)) >= ENOUGH_WORDS else title


@lru_cache(maxsize=1024)
def _lead(lead: str) -> _Lead:
    # Numbered copies have their number at the end.
    last = _LAST_COUNT.search(lead) if len(lead) >= ENOUGH_LEAD else None
    words = _words(lead[: last.start()] if last else lead)
    return _Lead(" ".join(words), frozenset(word for word in words if word[0].isdigit()))


def _words(text: str) -> list[str]:
    plain = text.casefold().replace("\u2019", "'")
    return _WORD.findall(_COUNTED.sub(" ", plain) if _DIGIT.search(plain) else plain)
