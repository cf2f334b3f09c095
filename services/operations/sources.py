"""How the sources of news do: when each was last seen, how late it is, how much it tells, and how often first."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.common.errors import NeverWorks, TryLater
from services.common.history.figures import ArticleTimes, ScoringHead
from services.common.history.port import HistoryReader
from services.common.settings.settings import Settings
from services.launch.probes import read_metrics
from services.operations.answer import Answer
from services.operations.health import address_of

MOST_ARTICLES = 100_000
"""The largest number of articles from which the figures are made; the newest of the period."""

LEAST_FOR_P95 = 20
"""With fewer articles the 95th percentile would be the largest of them."""

FAILED_POLLS = (TryLater.reaction, NeverWorks.reaction, "defect")
"""The outcomes of polls that failed, in the metrics of the poller."""


@dataclass(frozen=True, slots=True)
class SourceReport(Answer):
    """How one source did.

    Attributes:
        last_seen, last_published: of its newest article, also of one before the period.
        articles_per_day: of the period, or of the part of it since the history begins; None if that is less than a day.
        lag_seconds: the median of the time from publication to fetching; None without articles.
        lag_p95_seconds: its 95th percentile; None with fewer than 20 articles.
        stories: the stories of several sources that it told; `told_first` of them it told before the others.
        told_first_share: None if there are no such stories.
        outcomes: the number of its articles by how their processing ended.
        failures: failed polls since the poller started; None if the poller cannot be asked from here.
        is_failing: whether the last poll failed; None likewise.
    """

    source: str
    owner: str
    last_seen: datetime
    last_published: datetime
    articles: int
    articles_per_day: float | None
    lag_seconds: float | None
    lag_p95_seconds: float | None
    stories: int
    told_first: int
    told_first_share: float | None
    outcomes: Mapping[str, int]
    failures: int | None
    is_failing: bool | None


@dataclass(frozen=True, slots=True)
class SourcesReport(Answer):
    """All sources that are in the history, ordered by name. `is_cut`: there are more articles than are counted."""

    since: datetime
    days: float
    sources: tuple[SourceReport, ...]
    is_cut: bool


def read_sources(history: HistoryReader, settings: Settings, now: datetime, days: float = 7) -> SourcesReport:
    """Report on the sources of the last `days`.

    Raises:
        TryLater, StopProgram: as the history does.
    """
    since = now - timedelta(days=days)
    articles = history.article_times(since, limit=MOST_ARTICLES)
    is_cut = len(articles) == MOST_ARTICLES
    counted = (now - articles[-1].fetched) / timedelta(days=1) if articles else days
    heads = history.scoring_heads(articles[-1].fetched if is_cut else since, limit=MOST_ARTICLES)
    told, first = _told_first(articles, heads)
    polls = _polls(settings)
    outcomes = _outcomes(articles, heads)
    by_source: dict[str, list[ArticleTimes]] = defaultdict(list)
    for article in articles:
        by_source[article.source].append(article)
    reports = []
    for newest in history.last_articles():
        name, own = newest.source, by_source.get(newest.source, [])
        lags = sorted((each.fetched - each.published).total_seconds() for each in own)
        failures, is_failing = polls.get(name, (None, None))
        reports.append(
            SourceReport(
                source=name,
                owner=newest.owner,
                last_seen=newest.fetched,
                last_published=newest.published,
                articles=len(own),
                articles_per_day=_per_day(len(own), min(days, counted)),
                lag_seconds=_quantile(lags, 0.5),
                lag_p95_seconds=_quantile(lags, 0.95) if len(lags) >= LEAST_FOR_P95 else None,
                stories=told[name],
                told_first=first[name],
                told_first_share=round(first[name] / told[name], 4) if told[name] else None,
                outcomes=dict(sorted(outcomes[name].items())),
                failures=failures,
                is_failing=is_failing,
            )
        )
    return SourcesReport(since, days, tuple(reports), is_cut)


def _polls(settings: Settings) -> dict[str, tuple[int, bool]]:
    """The failed polls of each source and whether its last poll failed, as the poller says."""
    samples = read_metrics(address_of("news_poller", settings))
    if samples is None:
        return {}
    found = {}
    for name, labels, value in samples.rows:
        if name == "cryptoboy_source_up":
            source = labels["source"]
            failed = sum(
                samples.total("cryptoboy_source_polls_total", source=source, outcome=outcome)
                for outcome in FAILED_POLLS
            )
            found[source] = failed, failed > 0 and not value
    return found


def _told_first(
    articles: Iterable[ArticleTimes], heads: Iterable[ScoringHead]
) -> tuple[Counter[str], Counter[str]]:
    """The number of stories of several sources by each source that told it, and by the one that told it first."""
    story_of = {head.article_id: head.story for head in heads if head.story}
    tellings: dict[str, list[ArticleTimes]] = defaultdict(list)
    for article in articles:
        if story := story_of.get(article.article_id):
            tellings[story].append(article)
    told: Counter[str] = Counter()
    first: Counter[str] = Counter()
    for several in tellings.values():
        sources = {each.source for each in several}
        if len(sources) > 1:
            told.update(sources)
            first[min(several, key=lambda each: (each.fetched, each.article_id)).source] += 1
    return told, first


def _outcomes(articles: Iterable[ArticleTimes], heads: Sequence[ScoringHead]) -> dict[str, Counter[str]]:
    """How the processing of the articles of each source ended; the last attempt counts."""
    last = {head.article_id: head.outcome for head in reversed(heads)}  # newest first
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for article in articles:
        if outcome := last.get(article.article_id):
            found[article.source][outcome] += 1
    return found


def _per_day(articles: int, days: float) -> float | None:
    """Articles a day; None if they are of less than a day, from which nobody knows how many a day has."""
    return round(articles / days, 2) if days >= 1 else None


def _quantile(rising: Sequence[float], share: float) -> float | None:
    return round(rising[min(int(len(rising) * share), len(rising) - 1)], 3) if rising else None
