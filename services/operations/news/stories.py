"""Lists the stories of the news, newest first. A story has the articles that report the same event."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.common.history.port import HistoryReader
from services.common.history.queries import DEFAULT_LIMIT, ArticleFilter, Page, SignalFilter
from services.common.history.rows import ArticleRow, SignalRow
from services.common.values import asset_of, is_pair
from services.operations.answer import Answer
from services.operations.news.grouping import Gathered, PairScore, gather

MOST_PAGES = 10
"""The number of pages of the history that are read for one page of stories."""


@dataclass(frozen=True, slots=True)
class StoryFilter:
    """Which stories a list has; None selects all.

    Attributes:
        pair: a pair or an asset; signals for the asset of a pair count for the pair.
        source: one of the sources that told the story.
        kind: the kind of news, such as hack.
        score_from, score_to: the range in which the score of a signal lies, -1..+1.
        since, until: the period in which the first matching article or signal became known.
    """

    pair: str | None = None
    source: str | None = None
    kind: str | None = None
    score_from: float | None = None
    score_to: float | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_of_signals(self) -> bool:
        """Whether the filter asks for what only signals have."""
        return any(each is not None for each in (self.pair, self.kind, self.score_from, self.score_to))

    def of_signals(self) -> SignalFilter:
        """The filter of the signals."""
        return SignalFilter(
            pairs=names_of(self.pair) if self.pair else (),
            sources=(self.source,) if self.source else (),
            event_types=(self.kind,) if self.kind else (),
            least=self.score_from,
            most=self.score_to,
            since=self.since,
            until=self.until,
        )

    def selects(self, signal: SignalRow) -> bool:
        """Whether a signal is one of `of_signals`."""
        which = self.of_signals()
        return (
            (not which.pairs or signal.pair in which.pairs)
            and (not which.sources or signal.source in which.sources)
            and (not which.event_types or signal.event_type in which.event_types)
            and (self.score_from is None or signal.sentiment_score >= self.score_from)
            and (self.score_to is None or signal.sentiment_score <= self.score_to)
            and (self.since is None or signal.available_at >= self.since)
            and (self.until is None or signal.available_at < self.until)
        )


@dataclass(frozen=True, slots=True)
class StoryRow(Answer):
    """A story in a list.

    Attributes:
        article_id, headline, source, link, published: of the article that told it first.
        first_seen: when that article was fetched.
        articles: the number of articles.
        sources: the sources in the order in which they told the story, each once.
        kind: the kind of news of the newest signal; empty without a signal.
        outcome, reason: how the processing of the first article ended; empty while it waits.
        suspicions: what was suspicious about any of the articles.
        scores: the newest score of each pair.
    """

    story: str
    article_id: str
    headline: str
    source: str
    link: str
    published: datetime
    first_seen: datetime
    articles: int
    sources: tuple[str, ...]
    kind: str
    outcome: str
    reason: str
    suspicions: tuple[str, ...]
    scores: tuple[PairScore, ...]


@dataclass(frozen=True, slots=True)
class StoryPage(Answer):
    """Some stories, and the cursor of the page after these; None at the end of the list."""

    stories: tuple[StoryRow, ...] = ()
    next: str | None = None


def names_of(pair: str) -> tuple[str, ...]:
    """The names under which signals for a pair or an asset are recorded."""
    return (pair, asset_of(pair)) if is_pair(pair) else (pair,)


def list_stories(
    history: HistoryReader,
    wanted: StoryFilter | None = None,
    *,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> StoryPage:
    """List stories, newest first, each at the time of its first article or signal that matches.

    A page may have fewer stories than `limit` although there are more; `next` is None only at the end.

    Raises:
        NeverWorks: no page of this list gave this cursor.
        TryLater, StopProgram: as the history does.
    """
    wanted = wanted or StoryFilter()
    rows: list[StoryRow] = []
    for _ in range(MOST_PAGES):
        if wanted.is_of_signals:
            found: Page[SignalRow] = history.signals(
                wanted.of_signals(), limit=limit - len(rows), after=cursor
            )
            rows += _of_signals(history, found.rows, wanted)
            cursor = found.next
        else:
            which = ArticleFilter(
                sources=(wanted.source,) if wanted.source else (), since=wanted.since, until=wanted.until
            )
            read: Page[ArticleRow] = history.articles(which, limit=limit - len(rows), after=cursor)
            rows += _of_articles(history, read.rows, wanted)
            cursor = read.next
        if cursor is None or len(rows) >= limit:
            break
    return StoryPage(tuple(rows), cursor)


def _of_signals(
    history: HistoryReader, signals: Iterable[SignalRow], wanted: StoryFilter
) -> Iterable[StoryRow]:
    signals = tuple(signals)
    stories = gather(history, {signal.article_id for signal in signals})
    for signal in signals:
        story = stories.get(signal.article_id)
        first = next((each for each in story.signals if wanted.selects(each)), None) if story else None
        if story and first and _key(signal) == _key(first):
            yield story_row(story)


def _key(signal: SignalRow) -> tuple[str, str, str, int]:
    return signal.article_id, signal.pair, signal.model, signal.revision


def _of_articles(
    history: HistoryReader, articles: Iterable[ArticleRow], wanted: StoryFilter
) -> Iterable[StoryRow]:
    articles = tuple(articles)
    stories = gather(history, {article.article_id for article in articles})
    for article in articles:
        story = stories.get(article.article_id)
        if story is None:  # it was removed meanwhile
            continue
        matching = (
            each.article_id
            for each in story.articles
            if each.article_id in story.listed
            and wanted.source in {None, each.source}
            and (wanted.since is None or each.fetched >= wanted.since)
        )
        if next(matching, None) == article.article_id:
            yield story_row(story)


def story_row(story: Gathered) -> StoryRow:
    """The row of a story in a list."""
    first = story.articles[0]
    scoring = story.scorings.get(first.article_id)
    suspicions = (each for scoring in story.scorings.values() for each in scoring.suspicions)
    return StoryRow(
        story=story.story,
        article_id=first.article_id,
        headline=first.title,
        source=first.source,
        link=first.link,
        published=first.published,
        first_seen=first.fetched,
        articles=len(story.articles),
        sources=tuple(dict.fromkeys(article.source for article in story.articles)),
        kind=story.signals[-1].event_type if story.signals else "",
        outcome=scoring.outcome if scoring else "",
        reason=scoring.reason if scoring else "",
        suspicions=tuple(dict.fromkeys(suspicions)),
        scores=story.newest_scores(),
    )
