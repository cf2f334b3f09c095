"""One story, once: who told it first is scored, other sources that tell it too corroborate that, unscored.

The first telling of a story makes its signals. One by another source makes a revision of them: the same scores with
more corroboration and confidence; where it is about further assets, it is scored for these. A source that comes back to
a story has more to say of it, so that is scored by itself; it corroborates nothing, least of all itself. Nor does an
article that is suspected of steering machines, which is scored by itself too and never speaks for a story.

Nothing is forgotten by a restart, and processes may share the file. Placing an article a second time, as after a
delivery that came again, gives what the first time gave.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from services.common.messages import NewsArticle, SentimentSignal, decode
from services.common.work import WorkInHand
from services.sentiment_analyzer.story_file import BUSY_SECONDS, StoryFile
from services.sentiment_analyzer.story_index import StoryIndex
from services.sentiment_analyzer.story_keeper import Row, StoryKeeper, StoryMemory
from services.sentiment_analyzer.story_match import LEAD_CHARS, Telling
from services.sentiment_analyzer.text import ArticleText

DOUBT_LEFT = 0.9
"""What every further source leaves of the doubt in a score."""


class Part(StrEnum):
    """What an article is to its story.

    FIRST, AGAIN and SUSPECT are to be scored, WIDER for the assets that nobody was scored for before, RETOLD is not;
    nothing came of SILENT.
    """

    FIRST = "first"
    AGAIN = "again"
    WIDER = "wider"
    SUSPECT = "suspect"
    RETOLD = "retold"
    SILENT = "silent"


_SCORED = frozenset({Part.FIRST, Part.AGAIN, Part.WIDER})


@dataclass(frozen=True, slots=True)
class Place:
    """Where an article belongs.

    Attributes:
        story: the article that told it first.
        part: what the article is to the story.
        sources: how many further sources tell the story by now.
        signals: what to publish for it, as far as it was scored: of RETOLD the latest revision of the first's.
        new: of WIDER the assets to score it for.
        revised: of WIDER what is to be published besides: the latest revision of the first's signals.
    """

    story: str
    part: Part
    sources: int
    signals: tuple[SentimentSignal, ...] = ()
    new: frozenset[str] = frozenset()
    revised: tuple[SentimentSignal, ...] = ()


class Stories:
    """What was told so far. Threads may share it, and processes the file.

    Args:
        kept: what it is kept in, or a file, made if it is not there; None keeps it in memory.
        work: where the calls in hand are noted.

    Raises:
        StopProgram: the file cannot be used. From any method.
        TryLater: other processes kept it busy for long. From any method.
    """

    def __init__(self, kept: Path | StoryKeeper | None = None, work: WorkInHand | None = None) -> None:
        self._kept: StoryKeeper = StoryFile(kept) if isinstance(kept, Path) else kept or StoryMemory()
        self._work = work or WorkInHand()
        self._lock = threading.Lock()  # of what follows, and of what is kept
        self._index = StoryIndex()
        self._last_number = 0

    def place(
        self, article: NewsArticle, text: ArticleText, now: datetime, about: frozenset[str] = frozenset()
    ) -> Place:
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
            telling = Telling(
                article.article_id, article.published, text.title, text.body[:LEAD_CHARS], about
            )
            story = known.story if known else self._index.find(telling) or article.article_id
            rows = self._kept.story(story)
            part = Part.SUSPECT if text.suspicions else _part(article, about, rows)
            if known is None:
                added = self._kept.add(telling, story, part, article.source)
                self._note(added)
                rows = {**rows, added.article_id: added}
            elif part != known.part:
                self._kept.set_part(article.article_id, part)
                rows = self._kept.story(story)
        sources, first = _further_sources(rows), _first(rows)
        told = [corroborate(signal, sources, now) for signal in _decode(first.signals)] if first else []
        if part in {Part.FIRST, Part.RETOLD}:
            return Place(story, part, sources, tuple(told))
        own = tuple(_decode(rows[article.article_id].signals))
        if part is not Part.WIDER:
            return Place(story, part, sources, own)
        new = about - _scored_assets(rows, but=article.article_id)
        if not (new or own):
            return Place(story, Part.RETOLD, sources, tuple(told))
        return Place(story, part, sources, own, new, tuple(told))

    def told(
        self, article_id: str, signals: Sequence[SentimentSignal], now: datetime
    ) -> tuple[SentimentSignal, ...]:
        """An article that has its place was scored: keep its signals; returns them with the corroboration so far."""
        with self._changing():
            self._kept.set_signals(article_id, json.dumps([signal.encode().decode() for signal in signals]))
            rows = self._kept.story_of(article_id)
        if article_id not in rows or rows[article_id].part != Part.FIRST:
            return tuple(signals)
        sources = _further_sources(rows)
        return tuple(corroborate(signal, sources, now) for signal in signals)

    def silent(self, article_id: str) -> None:
        """Nothing came of an article: if it was the first of its story, the next telling is.

        Changes nothing where it has no place, is not to be scored, or was.
        """
        with self._changing():
            known = self._kept.telling(article_id)
            if known and known.part in _SCORED and not json.loads(known.signals):
                self._kept.set_part(article_id, Part.SILENT)

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
        self._index.add(row.telling(), row.story)
        self._last_number = row.number

    @contextmanager
    def _changing(self) -> Iterator[None]:
        with self._lock, self._work.doing("looking up or keeping what was told", BUSY_SECONDS):
            try:
                with self._kept.changing():
                    yield
            except BaseException:
                # What the index has learned of this may not be kept.
                self._index, self._last_number = StoryIndex(), 0
                raise


def corroborate(signal: SentimentSignal, sources: int, now: datetime) -> SentimentSignal:
    """The revision of a signal whose story `sources` further sources tell.

    Each of them leaves `DOUBT_LEFT` of the doubt: confidence = 1 - (1 - c) * DOUBT_LEFT ** sources.
    """
    if not sources:
        return signal
    return signal.model_copy(
        update={
            "revision": sources,
            "corroboration": sources,
            "confidence": 1.0 - (1.0 - signal.confidence) * DOUBT_LEFT**sources,
            "analyzed_at": max(now, signal.analyzed_at),
        }
    )


def _part(article: NewsArticle, about: frozenset[str], rows: Mapping[str, Row]) -> Part:
    known = rows.get(article.article_id)
    if known and known.part != Part.SILENT:
        return Part(known.part)
    if _first(rows) is None:
        return Part.FIRST
    if _name(article.source) in {_name(row.source) for row in _honest(rows) if row is not known}:
        return Part.AGAIN
    return Part.RETOLD if about <= _scored_assets(rows) else Part.WIDER


def _scored_assets(rows: Mapping[str, Row], but: str = "") -> frozenset[str]:
    """The tickers that some telling is or was scored for, but for one article's."""
    scored = [row for row in rows.values() if row.part in _SCORED and row.article_id != but]
    return frozenset().union(*(row.about.split() for row in scored))


def _honest(rows: Mapping[str, Row]) -> list[Row]:
    return [row for row in rows.values() if row.part != Part.SUSPECT]


def _first(rows: Mapping[str, Row]) -> Row | None:
    return next((row for row in rows.values() if row.part == Part.FIRST), None)


def _further_sources(rows: Mapping[str, Row]) -> int:
    return max(0, len({_name(row.source) for row in _honest(rows)}) - 1)


def _name(source: str) -> str:
    # One publisher is written in several ways by those who collect feeds.
    return source.casefold()


def _decode(signals: str) -> list[SentimentSignal]:
    return [decode(each.encode(), SentimentSignal) for each in json.loads(signals)]
