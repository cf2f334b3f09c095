"""Puts articles together into stories, with the scorings and signals of all their articles."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.common.history.port import HistoryReader
from services.common.history.queries import MAX_LIMIT, ScoringFilter, SignalFilter
from services.common.history.rows import ArticleRow, ScoringRow, SignalRow
from services.operations.answer import Answer

MOST_ROWS = 5 * MAX_LIMIT
"""The largest number of rows that are read at once for the stories of one page."""
_ARTICLES_AT_ONCE = 50
"""News of the whole market has a signal for each pair, so few articles have many."""


@dataclass(frozen=True, slots=True)
class PairScore(Answer):
    """What an article means for a pair; the fields are those of the signal."""

    pair: str
    score: float
    label: str
    confidence: float
    kind: str
    scope: str
    model: str
    degraded: bool
    suspected: bool
    available_at: datetime
    revision: int
    rationale: str
    article_id: str

    @classmethod
    def of(cls, signal: SignalRow) -> PairScore:
        """The score that a signal states."""
        return cls(
            pair=signal.pair,
            score=signal.sentiment_score,
            label=signal.sentiment_label,
            confidence=signal.confidence,
            kind=signal.event_type,
            scope=signal.scope,
            model=signal.model,
            degraded=signal.degraded,
            suspected=signal.suspected,
            available_at=signal.available_at,
            revision=signal.revision,
            rationale=signal.rationale,
            article_id=signal.article_id,
        )


@dataclass(frozen=True, slots=True)
class Gathered:
    """Everything that is recorded about a story. Articles, without content, are in the order of their fetching.

    Attributes:
        story: the id of the story, which is that of its first article.
        scorings: the last scoring of each article, by its id.
        signals: all signals and revisions of the articles, oldest first.
        listed: the ids of those articles that were recorded themselves, and not only their signals.
    """

    story: str
    articles: tuple[ArticleRow, ...]
    scorings: dict[str, ScoringRow]
    signals: tuple[SignalRow, ...]
    listed: frozenset[str]

    def newest_scores(self) -> tuple[PairScore, ...]:
        """The newest signal of each pair, ordered by pair."""
        newest = {signal.pair: signal for signal in self.signals}
        return tuple(PairScore.of(newest[pair]) for pair in sorted(newest))


def gather(history: HistoryReader, article_ids: Collection[str]) -> dict[str, Gathered]:
    """The stories to which these articles belong, by the id of each article asked for that is kept."""
    asked = last_scorings(history, ScoringFilter(articles=tuple(article_ids)))
    story_of = {
        article_id: (scoring.story if (scoring := asked.get(article_id)) else "") or article_id
        for article_id in article_ids
    }
    scorings = {**last_scorings(history, ScoringFilter(stories=tuple(set(story_of.values())))), **asked}
    members: dict[str, set[str]] = {story: {story} for story in story_of.values()}
    for article_id, scoring in scorings.items():
        if scoring.story in members:
            members[scoring.story].add(article_id)
    for article_id, story in story_of.items():
        members[story].add(article_id)
    wanted = sorted({article_id for ids in members.values() for article_id in ids})
    signals = signals_of(history, wanted)
    recorded = articles_of(history, wanted)
    articles = _from_signals(signals) | recorded
    stories = {
        story: _gathered(
            story, [articles[each] for each in ids if each in articles], scorings, signals, recorded
        )
        for story, ids in members.items()
    }
    return {article_id: stories[story] for article_id, story in story_of.items() if stories[story].articles}


def _gathered(
    story: str,
    articles: Iterable[ArticleRow],
    scorings: dict[str, ScoringRow],
    signals: dict[str, list[SignalRow]],
    recorded: Collection[str],
) -> Gathered:
    ordered = sorted(articles, key=lambda article: (article.fetched, article.article_id))
    found = [signal for article in ordered for signal in signals.get(article.article_id, ())]
    return Gathered(
        story,
        tuple(ordered),
        {each.article_id: scorings[each.article_id] for each in ordered if each.article_id in scorings},
        tuple(sorted(found, key=lambda signal: (signal.available_at, signal.revision))),
        frozenset(each.article_id for each in ordered if each.article_id in recorded),
    )


def _from_signals(signals: dict[str, list[SignalRow]]) -> dict[str, ArticleRow]:
    """What signals say about their articles. A recorder that starts later than the services misses the articles."""
    return {
        article_id: ArticleRow(
            article_id=article_id,
            source=rows[-1].source,
            owner=rows[-1].owner,
            title=rows[-1].headline,
            link="",
            published=rows[-1].published,
            fetched=rows[-1].analyzed_at,
            weight=rows[-1].weight,
            recorded=rows[-1].recorded,
        )
        for article_id, rows in signals.items()
    }


def articles_of(history: HistoryReader, ids: Sequence[str]) -> dict[str, ArticleRow]:
    """Those of these articles that are kept, by their ids and without their content."""
    found: dict[str, ArticleRow] = {}
    for start in range(0, len(ids), MAX_LIMIT):
        found.update(history.articles_by_id(ids[start : start + MAX_LIMIT], with_content=False))
    return found


def last_scorings(history: HistoryReader, which: ScoringFilter) -> dict[str, ScoringRow]:
    """The last scoring of each article, by its id."""
    found: dict[str, ScoringRow] = {}
    after, read = None, 0
    while read < MOST_ROWS:
        page = history.scorings(which, limit=MAX_LIMIT, after=after)
        for row in page.rows:  # newest first
            found.setdefault(row.article_id, row)
        after, read = page.next, read + len(page.rows)
        if after is None:
            break
    return found


def signals_of(history: HistoryReader, ids: Sequence[str]) -> dict[str, list[SignalRow]]:
    """The signals of these articles, by the id of the article."""
    found: dict[str, list[SignalRow]] = {}
    for start in range(0, len(ids), _ARTICLES_AT_ONCE):
        which = SignalFilter(articles=ids[start : start + _ARTICLES_AT_ONCE])
        after, read = None, 0
        while read < MOST_ROWS:
            page = history.signals(which, limit=MAX_LIMIT, after=after)
            for row in page.rows:
                found.setdefault(row.article_id, []).append(row)
            after, read = page.next, read + len(page.rows)
            if after is None:
                break
    return found
