"""Scores an archive as the live pipeline would have: the same matching, the same scorer, the same signals.

Articles come in the order in which they became known, so the file is sorted as it is written, and neither
memory nor the work after an interruption grows with the archive.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from services.common.errors import NeverWorks, StopProgram
from services.common.messages import NewsArticle
from services.data_ingestor.news_relevance import is_relevant
from services.research.history.archive import BEGINNING, Archive, Position, position_of
from services.research.history.articles import Article
from services.research.history.output import StepwiseCsv
from services.research.history.signal_rows import COLUMNS, Row, signal_rows
from services.research.history.times import to_microseconds
from services.sentiment_analyzer.asset_matching import AssetMatcher
from services.sentiment_analyzer.assets import load_registry
from services.sentiment_analyzer.scorer import Scorer
from services.sentiment_analyzer.scoring import Judgement, Outcome, judge_article

STEP_ARTICLES = 2_000
"""Scored between two marks from which an interrupted run goes on. LLM answers are kept one by one elsewhere."""
SCORING_DELAY = timedelta(minutes=5)
"""From an article being known to its signals being in the store: a poll (NEWS_POLL_INTERVAL, 300 s by default)
is the longest that the live system lets news wait, and a slow model's answer (OLLAMA_TIMEOUT, 120 s) fits in."""
NOT_PUBLISHED = "not_about_crypto"
"""Outcome of an article that the poller would not have passed on."""
REFUSED = "refused"
"""Outcome of an article that the scorer's server refuses."""

Judge = Callable[[NewsArticle], Judgement]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class ScoreOptions:
    """What is scored.

    Attributes:
        pairs: signals are for these.
        delay: how long after an article was known its signals are taken to be available.
        known_from: earlier articles are left out (UTC).
        known_until: so are those known at this time or later (UTC).
    """

    pairs: tuple[str, ...]
    delay: timedelta = SCORING_DELAY
    known_from: datetime | None = None
    known_until: datetime | None = None


@dataclass(slots=True)
class Tally:
    """What was scored so far."""

    articles: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    signals: Counter[str] = field(default_factory=Counter)
    labels: Counter[str] = field(default_factory=Counter)

    def count(self, outcome: str, judgement: Judgement | None) -> None:
        """Count one article."""
        self.articles += 1
        self.outcomes[outcome] += 1
        for signal in judgement.signals if judgement else ():
            self.signals[signal.pair] += 1
            self.labels[signal.sentiment_label.value] += 1

    def as_json(self) -> dict[str, Any]:
        """For the notes of a partial file, and for `--json`."""
        return {
            "articles": self.articles,
            "outcomes": dict(self.outcomes),
            "signals": dict(self.signals),
            "labels": dict(self.labels),
        }

    @classmethod
    def of(cls, notes: dict[str, Any]) -> Tally:
        """From the notes of a partial file."""
        counters = {name: Counter(notes[name]) for name in ("outcomes", "signals", "labels")}
        return cls(articles=notes["articles"], **counters)


@dataclass(frozen=True, slots=True)
class ScoreReport:
    """What came of scoring an archive.

    Attributes:
        resumed_after: articles that an interrupted run had scored.
        restarted: whether the remains of a run with other options were thrown away.
    """

    sentiment: Path
    model: str
    delay: timedelta
    tally: Tally
    resumed_after: int
    restarted: bool

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "sentiment": str(self.sentiment),
            "model": self.model,
            "scoring_delay_seconds": self.delay.total_seconds(),
            **self.tally.as_json(),
            "resumed_after_articles": self.resumed_after,
            "restarted": self.restarted,
        }


def score_archive(
    archive: Archive,
    out: Path,
    scorer: Scorer,
    options: ScoreOptions,
    *,
    scored_by: Sequence[str] = (),
    progress: Progress | None = None,
) -> ScoreReport:
    """Write the signals of an archive to a sentiment CSV, which appears when it is whole.

    Interrupted by KeyboardInterrupt or a crash, the same call goes on where it was.

    Args:
        archive: the articles.
        out: the CSV; compressed if its name ends with .gz.
        scorer: who scores. It has been checked.
        options: what is scored.
        scored_by: what else tells this scorer's answers from others, beside its model's name.
        progress: told how many articles are scored, and how many the archive has.

    Raises:
        StopProgram: no article in the period, or no signal of any.
        TryLater: the scorer is away; what is scored is kept.
    """
    task = [archive.identity(), scorer.model, *scored_by, repr(options)]
    with StepwiseCsv(out, COLUMNS, task) as file:
        tally = Tally.of(file.state["tally"]) if file.state else Tally()
        resumed_after = tally.articles
        articles = archive.articles(_beginning(file, options), options.known_until)
        matcher = AssetMatcher(load_registry(), options.pairs)

        def judge(article: NewsArticle) -> Judgement:
            return judge_article(article, matcher, scorer, article.fetched_at)

        while step := list(islice(articles, STEP_ARTICLES)):
            rows = list(_rows(step, judge, tally, options.delay))
            file.step(rows, {"after": position_of(step[-1]), "tally": tally.as_json()})
            if progress:
                progress(tally.articles, archive.count())
        _refuse_nothing(archive, file, tally, options)
        file.finish()
        return ScoreReport(out, scorer.model, options.delay, tally, resumed_after, file.restarted)


def _beginning(file: StepwiseCsv, options: ScoreOptions) -> Position:
    if file.state:
        return Position(*file.state["after"])
    if options.known_from is None:
        return BEGINNING
    return Position(to_microseconds(options.known_from), -1, "")


def _rows(articles: Iterable[Article], judge: Judge, tally: Tally, delay: timedelta) -> Iterator[Row]:
    for article in articles:
        outcome, judgement = _judged(article, judge)
        tally.count(outcome, judgement)
        if judgement is not None:
            yield from signal_rows(judgement.signals, article.known_at, delay)


def _judged(article: Article, judge: Judge) -> tuple[str, Judgement | None]:
    if not is_relevant(article.title, f"{article.summary}\n{article.content}"):
        return NOT_PUBLISHED, None
    try:
        judgement = judge(as_message(article))
    except NeverWorks:
        return REFUSED, None
    return judgement.outcome.value, judgement


def as_message(article: Article) -> NewsArticle:
    """The article as the poller would have published it when it became known."""
    return NewsArticle(
        article_id=article.article_id,
        source=article.source,
        title=article.title,
        link=article.link,
        summary=article.summary,
        content=article.content,
        published=article.published,
        fetched_at=article.known_at,
    )


def _refuse_nothing(archive: Archive, file: StepwiseCsv, tally: Tally, options: ScoreOptions) -> None:
    if not tally.articles:
        span = archive.span()
        reach = f"{span[0].isoformat()} to {span[1].isoformat()}" if span else "nowhere"
        file.discard()
        raise StopProgram(
            f"{archive.path} has no article known from {options.known_from or 'its start'} to "
            f"{options.known_until or 'its end'}; it reaches from {reach}"
        )
    if not tally.outcomes[Outcome.SCORED]:
        outcomes = ", ".join(f"{outcome} {count}" for outcome, count in tally.outcomes.most_common())
        file.discard()
        raise StopProgram(
            f"none of {tally.articles} articles gave a signal for {', '.join(options.pairs)} ({outcomes})"
        )
