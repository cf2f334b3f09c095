"""Every telling of a story is scored, and counts once: those that agree corroborate the first signal of a pair.

The first telling that is scored for a pair makes a signal. One by another owner that agrees with it makes a revision of
it: the same score with more corroboration and confidence. One that does not agree is a signal of its own, and where it
contradicts the first it withdraws its corroboration: see `agreement`. A source that comes back to a story has more to
say of it, which is a signal of its own too and corroborates nothing, least of all itself; but the same text at a new
link is a repost, of which nothing comes. An article that is suspected of steering machines is scored by itself and
speaks for no story and against none.

Nothing is forgotten by a restart, and processes may share the file. Placing an article a second time, as after a
redelivery, gives what the first time gave.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from services.common.messages import NewsArticle, SentimentSignal
from services.common.runtime.work import WorkInHand
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
from services.sentiment_analyzer.stories.port import Row, StoryKeeper, StoryMemory
from services.sentiment_analyzer.stories.reposts import Reposts
from services.sentiment_analyzer.stories.stances import NO_STANCES, in_scoring_order


class Stories:
    """What was told so far. Threads may share it, and processes the file.

    Args:
        kept: what it is kept in, or a file, made if it is not there; None keeps it in memory.
        work: where the calls in hand are noted.
        most_scored: once so many owners of a story were scored, it is crowded: see `is_needless`; 0: never.

    Raises:
        StopProgram: the file cannot be used. From any method.
        TryLater: other processes kept it busy for long. From any method.
    """

    def __init__(
        self,
        kept: Path | StoryKeeper | None = None,
        work: WorkInHand | None = None,
        *,
        most_scored: int = 0,
    ) -> None:
        self._kept: StoryKeeper = StoryFile(kept) if isinstance(kept, Path) else kept or StoryMemory()
        self._work = work or WorkInHand()
        self._most_scored = most_scored
        self._lock = threading.Lock()  # of what follows, and of what is kept
        self._index, self._reposts = StoryIndex(), Reposts()
        self._last_number = 0

    def place(
        self, article: NewsArticle, text: ArticleText, now: datetime, about: frozenset[str] = frozenset()
    ) -> Placement:
        """Find the article's story, or begin one with it.

        Args:
            article: who tells, and when.
            text: what is told.
            now: dates the revision.
            about: the tickers that it is about: articles about others tell another story. Empty: the market.
        """
        with self._changing():
            self._learn()
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
            rows = self._kept.story(known.story)
        place = placement_of(known, rows, now)
        if not place.is_to_be_scored or not self._most_scored:
            return place
        return replace(place, is_crowded=_owners(rows.values()) >= self._most_scored)

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
        self._note(added)
        return added

    def _copied(self, telling: Telling, row: Row) -> list[Row]:
        """The tellings, the newest first, of which this one is a repost.

        Nothing came of some, so that a copy of them is news; and an honest text is no repost of a suspected one.
        """
        found = [self._kept.telling(each.article_id) for each in self._reposts.find(telling, row.owner)]
        useless = {StoryPart.SILENT, StoryPart.UNSCORED} | (
            set() if row.part == StoryPart.SUSPECT else {StoryPart.SUSPECT}
        )
        return [
            each for each in found if each and each.part not in useless and each.article_id != row.article_id
        ]

    def told(self, article_id: str, signals: Sequence[SentimentSignal], now: datetime) -> Placement:
        """An article that has its place was scored: keep what came of it; returns what to publish.

        Where it had been scored before, as by another process after a redelivery, what came of it then counts.
        """
        with self._changing():
            row = self._kept.telling(article_id)
            if row is None:
                return Placement(article_id, StoryPart.FIRST, tuple(signals))
            rows = self._kept.story(row.story)
            if not row.turn:
                row = scored(row, signals, in_scoring_order(rows.values()))
                self._kept.set_scored(row)
                rows = {**rows, article_id: row}
        return placement_of(row, rows, now)

    def is_needless(self, article_id: str, signals: Sequence[SentimentSignal]) -> bool:
        """Whether a telling of a crowded story may stay unscored: by its words it only agrees with what was scored.

        Then it is noted as UNSCORED and corroborates nothing.

        Args:
            article_id: the telling, which has its place.
            signals: what a scorer that costs nothing makes of it.
        """
        with self._changing():
            row = self._kept.telling(article_id)
            if row is None or row.turn or not signals:  # turn: another process scored it meanwhile
                return False
            before = in_scoring_order(self._kept.story(row.story).values())
            stances = stances_of(row, signals, before)
            # A model may read a denial in words that could not be read.
            unread = any(map(has_no_opinion, signals))
            if unread or len(stances) < len(signals) or any(stance.is_own for stance in stances.values()):
                return False
            self._kept.set_part(article_id, StoryPart.UNSCORED)
            return True

    def silent(self, article_id: str) -> None:
        """Nothing came of an article: copies of it are news.

        Changes nothing where it has no place, is not to be scored, or was.
        """
        with self._changing():
            known = self._kept.telling(article_id)
            if known and known.part in TO_BE_SCORED and not known.turn:
                self._kept.set_part(article_id, StoryPart.SILENT)

    def tellings(self, article_id: str) -> list[Row]:
        """All tellings of the article's story, in the order in which they came; none of an unknown article."""
        with self._changing():
            return list(self._kept.story_of(article_id).values())

    def articles_beginning(self, prefix: str, most: int) -> list[str]:
        """The ids of up to `most` articles that begin with `prefix`, which is not empty."""
        with self._changing():
            return list(self._kept.articles_beginning(prefix, most))

    def close(self) -> None:
        """Let go of what it is kept in. May be called twice."""
        with self._lock:
            self._kept.close()

    def _learn(self) -> None:
        """Take in what was told since: here, by other processes, by a former run."""
        for row in self._kept.after(self._last_number):
            self._note(row)

    def _note(self, row: Row) -> None:
        self._last_number = row.number
        self._reposts.note(row)
        if row.part != StoryPart.REPOSTED:  # copies must not make the words of a story common
            self._index.add(row.telling(), row.story)

    @contextmanager
    def _changing(self) -> Iterator[None]:
        with self._lock, self._work.doing("looking up or keeping what was told", BUSY_SECONDS):
            try:
                with self._kept.changing():
                    yield
            except BaseException:
                # What the index has learned of this may not be kept.
                self._index, self._reposts, self._last_number = StoryIndex(), Reposts(), 0
                raise


def _owners(rows: Iterable[Row]) -> int:
    return len({row.owner for row in rows if row.stands != NO_STANCES})


def _owner_of(article: NewsArticle) -> str:
    # One publisher is written in several ways by those who collect feeds.
    return (article.owner or article.source).casefold()
