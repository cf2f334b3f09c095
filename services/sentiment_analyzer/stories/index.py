"""An index of recent articles by their words, which finds the story of a new article."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from itertools import chain
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
from services.sentiment_analyzer.stories.rows import MOST_REMEMBERED

WORDS_SHARED = 3
"""The smallest number of shared words for which two articles are compared."""
MOST_COMPARED = 50
"""The largest number of articles that are compared, which limits the work in a flood. Those that share the most
words are compared first."""
COMMON_NOW = 300
"""A word that occurs in more recent articles than this is not used to find the articles to compare."""


class _Told(NamedTuple):
    """An article in the index. `began` is the date of the first article of the story."""

    telling: Telling
    prints: Fingerprint
    story: str
    began: datetime


class StoryIndex:
    """The articles of the last `WINDOW`. Calls must come in the order in which articles become known."""

    def __init__(self) -> None:
        self._tellings: dict[str, _Told] = {}  # by article, in the order in which they came
        self._by_word: dict[str, list[str]] = {}  # the articles that have it, in that order
        self._members: dict[str, list[str]] = {}  # the articles of a story
        self._newest: datetime | None = None

    def find(self, telling: Telling) -> str | None:
        """Return the id of the first article of an article's story; None if the article begins a new story."""
        mine = fingerprint(telling.title, telling.lead)
        related: Counter[str] = Counter()
        best: dict[str, float] = {}
        earliest, latest = telling.published - WINDOW, telling.published + WINDOW
        for article_id in self._alike(mine):
            other, theirs, story, began = self._tellings[article_id]
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
        """Add an article of that story. `story` is the article's own id if it is the first of the story."""
        article_id = telling.article_id
        if article_id in self._tellings:
            return
        prints = fingerprint(telling.title, telling.lead)
        first = self._tellings.get(story)
        began = first.telling.published if first else telling.published
        self._tellings[article_id] = _Told(telling, prints, story, began)
        self._members.setdefault(story, []).append(article_id)
        for word in prints.words:
            self._by_word.setdefault(word, []).append(article_id)
        newest = telling.published if self._newest is None else max(self._newest, telling.published)
        if newest != self._newest or len(self._tellings) > MOST_REMEMBERED:
            self._newest = newest
            self._forget(newest - 2 * WINDOW)

    def words(self) -> frozenset[str]:
        """Return all words by which an article can be found."""
        return frozenset(self._by_word)

    def articles(self) -> tuple[str, ...]:
        """Return the articles in the index, in the order of arrival."""
        return tuple(self._tellings)

    def _alike(self, mine: Fingerprint) -> list[str]:
        """Return the articles with which an article of these words is compared."""
        lists = (self._by_word.get(word, ()) for word in mine.words)
        shared = Counter(chain.from_iterable(each for each in lists if len(each) <= COMMON_NOW))
        alike = [article_id for article_id, words in shared.items() if words >= WORDS_SHARED]
        if len(alike) <= MOST_COMPARED:
            return alike
        return sorted(alike, key=lambda article_id: (-shared[article_id], article_id))[:MOST_COMPARED]

    def _forget(self, before: datetime) -> None:
        """Drop the articles from before that time, and the oldest articles if there are more than MOST_REMEMBERED.

        Articles are dropped in the order of arrival, which is the order of age except for late news.
        """
        while self._tellings:
            told = next(iter(self._tellings.values()))
            if told.telling.published >= before and len(self._tellings) <= MOST_REMEMBERED:
                break
            del self._tellings[told.telling.article_id]
            _remove(self._members, told.story, told.telling.article_id)
            for word in told.prints.words:
                _remove(self._by_word, word, told.telling.article_id)


def _remove(lists: dict[str, list[str]], key: str, article_id: str) -> None:
    """Remove an article from the list of that key, and remove the list if the list is then empty."""
    lists[key].remove(article_id)
    if not lists[key]:
        del lists[key]
