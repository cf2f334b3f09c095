"""The stories of the last days, to be asked what a new article tells.

Which tellings share words with it is counted in bits: a word is the set of the tellings that have it, kept as the bits
of one whole number, and such sets are added up column by column, for all tellings at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from services.sentiment_analyzer.stories.match import (
    RELATED,
    SAME_STORY,
    SHARE_RELATED,
    WINDOW,
    Fingerprint,
    Telling,
    fingerprint,
    similarity,
)
from services.sentiment_analyzer.stories.port import MOST_REMEMBERED

WORDS_SHARED = 3
"""Tellings that share fewer words are not compared."""
MOST_COMPARED = 50
"""No more tellings are compared, those that share the most words first: it bounds the work in a flood of like texts."""
COMMON_NOW = 300
"""A word that so many recent tellings have does not help to find the ones to compare."""
BITS_LEFT_EMPTY = 512
"""So many places of forgotten tellings are given up at once."""


class _Told(NamedTuple):
    """A telling as it is remembered; `began` is when its story was first told."""

    telling: Telling
    prints: Fingerprint
    story: str
    began: datetime


class StoryIndex:
    """The stories of the last `WINDOW`, to be asked in the order in which articles become known."""

    def __init__(self) -> None:
        self._tellings: dict[int, _Told] = {}  # by place, a number that grows
        self._places: dict[str, int] = {}  # by article
        self._by_word: dict[str, int] = {}  # bit n: the telling at the place `_base` + n has it
        self._members: dict[str, list[int]] = {}
        self._newest: datetime | None = None
        self._next = self._base = 0

    def find(self, telling: Telling) -> str | None:
        """The story that an article tells: the id of its first article; None if nobody told it."""
        mine = fingerprint(telling.title, telling.lead)
        related: Counter[str] = Counter()
        best: dict[str, float] = {}
        earliest, latest = telling.published - WINDOW, telling.published + WINDOW
        for place in self._alike(mine):
            other, theirs, story, began = self._tellings[place]
            if not earliest <= began <= latest:
                continue
            if telling.about and other.about and telling.about.isdisjoint(other.about):
                continue
            value = similarity(mine, theirs, telling.published - other.published, at_least=RELATED)
            related[story] += value >= RELATED
            best[story] = max(best.get(story, 0.0), value)
        fit = {
            story: value
            for story, value in best.items()
            if value >= SAME_STORY and related[story] >= SHARE_RELATED * len(self._members[story])
        }
        return max(fit, key=lambda story: (fit[story], story), default=None)

    def add(self, telling: Telling, story: str) -> None:
        """Note that an article tells that story; `story` is its own id if it is the first."""
        if telling.article_id in self._places:
            return
        prints = fingerprint(telling.title, telling.lead)
        place, self._next = self._next, self._next + 1
        first = self._tellings.get(self._places.get(story, place))
        began = first.telling.published if first else telling.published
        self._tellings[place] = _Told(telling, prints, story, began)
        self._places[telling.article_id] = place
        self._members.setdefault(story, []).append(place)
        bit = 1 << (place - self._base)
        for word in prints.words:
            self._by_word[word] = self._by_word.get(word, 0) | bit
        newest = telling.published if self._newest is None else max(self._newest, telling.published)
        if newest != self._newest or len(self._tellings) > MOST_REMEMBERED:
            self._newest = newest
            self._forget(newest - 2 * WINDOW)

    def words(self) -> frozenset[str]:
        """All words by which a telling can be found."""
        return frozenset(self._by_word)

    def articles(self) -> tuple[str, ...]:
        """The articles that are remembered, in the order in which they came."""
        return tuple(self._places)

    def _alike(self, mine: Fingerprint) -> list[int]:
        """The places of the tellings to compare."""
        counts = _sums(filter(None, map(self._by_word.get, mine.words)))
        enough = _at_least_three(counts)
        if enough.bit_count() <= MOST_COMPARED:
            return [self._base + place for place in _places(enough)]
        most, tied = _most(counts, enough, MOST_COMPARED)
        places = [self._base + place for place in _places(most)]
        ties = [self._base + place for place in _places(tied)]
        ties.sort(key=lambda place: self._tellings[place].telling.article_id)
        return places + ties[: MOST_COMPARED - len(places)]

    def _forget(self, before: datetime) -> None:
        """Drop the oldest, and what is too much; they come first, give or take news that was late."""
        while self._tellings:
            place, told = next(iter(self._tellings.items()))
            if told.telling.published >= before and len(self._tellings) <= MOST_REMEMBERED:
                break
            self._drop(place, told)
        oldest = next(iter(self._tellings), self._next)
        if oldest - self._base >= BITS_LEFT_EMPTY:
            self._by_word = {word: bits >> (oldest - self._base) for word, bits in self._by_word.items()}
            self._base = oldest

    def _drop(self, place: int, told: _Told) -> None:
        del self._tellings[place]
        del self._places[told.telling.article_id]
        self._members[told.story].remove(place)
        if not self._members[told.story]:
            del self._members[told.story]
        bit = 1 << (place - self._base)
        for word in told.prints.words:
            left = self._by_word[word] ^ bit
            if left:
                self._by_word[word] = left
            else:
                del self._by_word[word]


def _sums(sets: Iterable[int]) -> list[int]:
    """How many of the sets hold each member: bit n of number k is binary digit k of the count of n.

    Sets with more than `COMMON_NOW` members are left out.
    """
    planes: list[int] = []
    for carry in sets:
        if carry.bit_count() > COMMON_NOW:
            continue
        for digit, plane in enumerate(planes):
            planes[digit] = plane ^ carry
            carry &= plane  # noqa: PLW2901 - what is carried to the next digit
            if not carry:
                break
        else:
            planes.append(carry)
    return planes


def _most(planes: list[int], members: int, limit: int) -> tuple[int, int]:
    """Of more than `limit` members those with the highest counts, fewer than `limit`; and all of the next count."""
    most, tied = 0, members
    for plane in reversed(planes):
        high = tied & plane
        if (most | high).bit_count() < limit:
            most |= high
            tied ^= high
        else:
            tied = high
    return most, tied


def _at_least_three(planes: list[int]) -> int:
    """The members whose count is `WORDS_SHARED` or more."""
    if len(planes) < 2:  # noqa: PLR2004 - three has two binary digits
        return 0
    enough = planes[0] & planes[1]
    for plane in planes[2:]:
        enough |= plane
    return enough


def _places(members: int) -> list[int]:
    """The numbers of the bits that are set, lowest first."""
    found: list[int] = []
    while members:
        lowest = members & -members
        found.append(lowest.bit_length() - 1)
        members ^= lowest
    return found
