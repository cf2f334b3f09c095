"""Keeps stories. Every article is scored and counts once. Articles that agree corroborate the first signal.

The first article that is scored for a pair makes a signal. An article of another owner that agrees with it makes a
revision of that signal, with the same score and more corroboration and confidence. An article that does not agree has
a signal of its own. If it contradicts the first signal, it withdraws that signal's corroboration (see `agreement`). A
further article of the same owner also has a signal of its own, and corroborates nothing. The same text at a new link
is a repost, which is not scored. An article that is suspected of a prompt injection is scored without regard to its
story, and neither corroborates nor contradicts anything.

The state survives restarts, and processes may share the file. If an article is placed again, for example after a
redelivery, the result is the same as the first time.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from services.common.messages import NewsArticle, SentimentSignal
from services.common.runtime.work import CallsInProgress
from services.common.sqlite import BUSY_SECONDS
from services.sentiment_analyzer.article.text import ArticleText
from services.sentiment_analyzer.stories.agreement import has_no_opinion, stances_of
from services.sentiment_analyzer.stories.file import StoryFile
from services.sentiment_analyzer.stories.index import StoryIndex
from services.sentiment_analyzer.stories.match import LEAD_CHARS, Telling
from services.sentiment_analyzer.stories.placement import (
    TO_BE_SCORED,
    Placement,
    StoryPart,
    placement_of,
    scored,
)
from services.sentiment_analyzer.stories.reposts import Reposts
from services.sentiment_analyzer.stories.rows import Row
from services.sentiment_analyzer.stories.stances import NO_STANCES, in_scoring_order


class Stories:
    """The stories so far. Threads may share it, and processes may share the file.

    Args:
        kept: the store of the stories, or the path of its file, which is made if it does not exist; None keeps them
            in memory.
        work: the register of running calls, for the watchdog.
        most_scored: the number of owners whose scored articles make a story crowded (see `is_needless`); 0 turns that
            off.

    Raises:
        StopProgram: the file cannot be used. Any method raises this.
        TryLater: other processes kept the file busy for long. Any method raises this.
    """

    def __init__(
        self,
        kept: Path | StoryFile | None = None,
        work: CallsInProgress | None = None,
        *,
        most_scored: int = 0,
    ) -> None:
        self._kept = StoryFile(kept) if isinstance(kept, Path) else kept or StoryFile()
        self._work = work or CallsInProgress()
        self._most_scored = most_scored
        self._lock = threading.Lock()  # of what follows, and of what is kept
        self._index, self._reposts = StoryIndex(), Reposts()
        self._last_number = 0

    def place(
        self, article: NewsArticle, text: ArticleText, now: datetime, about: frozenset[str] = frozenset()
    ) -> Placement:
        """Find the article's story, or begin one with the article.

        Args:
            article: the article, of which the id, source, owner and date are used.
            text: the headline and body of the article.
            now: the time of the revision.
            about: the tickers that the article is about; empty for the market. Articles about other tickers are of
                another story.
        """
        with self._changing():
            self._update_index()
            known = self._kept.telling(article.article_id)
            if known is None:
                known = self._add(article, text, about)
            elif known.part == StoryPart.SILENT or (known.part == StoryPart.TOLD and text.suspicions):
                part = StoryPart.SUSPECT if text.suspicions else StoryPart.TOLD
                self._kept.set_part(article.article_id, part)
                known = known._replace(part=part)
            if known.part == StoryPart.REPOSTED:
                copied = [row.article_id for row in self._copied(known.telling(), known)]
                return Placement(known.story, StoryPart.REPOSTED, like=tuple(copied[:1]))
            rows = self._kept.story(article.article_id)
        place = placement_of(known, rows, now)
        if not place.is_to_be_scored or not self._most_scored:
            return place
        return replace(place, is_crowded=_scored_owners(rows.values()) >= self._most_scored)

    def _add(self, article: NewsArticle, text: ArticleText, about: frozenset[str]) -> Row:
        telling = Telling(article.article_id, article.published, text.title, text.body[:LEAD_CHARS], about)
        owner = _owner_of(article)
        part = StoryPart.SUSPECT if text.suspicions else StoryPart.TOLD
        unplaced = Row(
            0, telling.article_id, "", part, article.source, telling.published, "", "", "", owner=owner
        )
        if copied := self._copied(telling, unplaced):
            story, part = copied[0].story, StoryPart.REPOSTED
        else:
            story = self._index.find(telling) or article.article_id
        added = self._kept.add(telling, story, part, article.source, owner)
        self._add_to_index(added)
        return added

    def _copied(self, telling: Telling, row: Row) -> list[Row]:
        """Return the articles of which this article is a repost, the newest first.

        A copy of an article without a signal is news, and so is an unsuspected copy of a suspected article.
        """
        found = [self._kept.telling(each.article_id) for each in self._reposts.find(telling, row.owner)]
        useless = {StoryPart.SILENT, StoryPart.UNSCORED} | (
            set() if row.part == StoryPart.SUSPECT else {StoryPart.SUSPECT}
        )
        return [
            each for each in found if each and each.part not in useless and each.article_id != row.article_id
        ]

    def keep_signals(self, article_id: str, signals: Sequence[SentimentSignal], now: datetime) -> Placement:
        """Store the signals of a placed article that was scored, and return what to publish.

        If it had been scored before, for example by another process after a redelivery, the earlier signals count.
        """
        with self._changing():
            rows = self._kept.story(article_id)
            row = rows.get(article_id)
            if row is None:
                return Placement(article_id, StoryPart.FIRST, tuple(signals))
            if not row.turn:
                row = scored(row, signals, in_scoring_order(rows.values()))
                self._kept.set_scored(row)
                rows = {**rows, article_id: row}
        return placement_of(row, rows, now)

    def is_needless(self, article_id: str, signals: Sequence[SentimentSignal]) -> bool:
        """Whether an article of a crowded story need not be scored because it only agrees with existing signals.

        Such an article is stored as UNSCORED and corroborates nothing.

        Args:
            article_id: the id of a placed article.
            signals: the signals of the article by a scorer that costs nothing.
        """
        with self._changing():
            rows = self._kept.story(article_id)
            row = rows.get(article_id)
            if row is None or row.turn or not signals:  # turn: another process scored it meanwhile
                return False
            before = in_scoring_order(rows.values())
            stances = stances_of(row, signals, before)
            # Where that scorer could not tell, a model may read a denial.
            unread = any(map(has_no_opinion, signals))
            if unread or len(stances) < len(signals) or any(stance.is_own for stance in stances.values()):
                return False
            self._kept.set_part(article_id, StoryPart.UNSCORED)
            return True

    def keep_unsignalled(self, article_id: str) -> None:
        """Record that an article gave no signal, so that copies of it are news.

        Changes nothing if the article is not placed, is not to be scored, or was scored.
        """
        with self._changing():
            known = self._kept.telling(article_id)
            if known and known.part in TO_BE_SCORED and not known.turn:
                self._kept.set_part(article_id, StoryPart.SILENT)

    def tellings(self, article_id: str) -> list[Row]:
        """Return all articles of the article's story, in the order of arrival; empty for an unknown article."""
        with self._changing():
            return list(self._kept.story_with_reposts(article_id).values())

    def articles_beginning(self, prefix: str, most: int) -> list[str]:
        """Return the ids, at most `most`, of articles that begin with `prefix`, which must not be empty."""
        with self._changing():
            return list(self._kept.articles_beginning(prefix, most))

    def close(self) -> None:
        """Close the file. May be called twice."""
        with self._lock:
            self._kept.close()

    def _update_index(self) -> None:
        """Add to the index the articles that any process has stored since the last call, or before the first."""
        for row in self._kept.after(self._last_number):
            self._add_to_index(row)

    def _add_to_index(self, row: Row) -> None:
        self._last_number = row.number
        self._reposts.note(row)
        if row.part != StoryPart.REPOSTED:  # copies must not make the words of a story common
            self._index.add(row.telling(), row.story)

    @contextmanager
    def _changing(self) -> Iterator[None]:
        with self._lock, self._work.doing("reading or writing the file of stories", BUSY_SECONDS):
            try:
                with self._kept.changing():
                    yield
            except BaseException:
                # The index may hold articles that the file does not: it is built anew.
                self._index, self._reposts, self._last_number = StoryIndex(), Reposts(), 0
                raise


def _scored_owners(rows: Iterable[Row]) -> int:
    return len({row.owner for row in rows if row.stands != NO_STANCES})


def _owner_of(article: NewsArticle) -> str:
    # Lists of feeds spell one publisher in several ways.
    return (article.owner or article.source).casefold()
