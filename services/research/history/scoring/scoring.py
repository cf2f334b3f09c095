"""Scores an archive as the live pipeline would have: the same matching, the same scorer, the same signals.

Articles come in the order in which they became known, so the file is sorted as it is written, and neither
memory nor the work after an interruption grows with the archive.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from services.common.errors import StopProgram
from services.research.history.archive.archive import BEGINNING, Archive, Position, position_of
from services.research.history.archive.times import to_microseconds
from services.research.history.output import StepwiseCsv
from services.research.history.scoring import story_steps
from services.research.history.scoring.article_scoring import (
    REFUSED,
    ArticleResult,
    article_processor,
    process_in_order,
)
from services.research.history.scoring.signal_rows import COLUMNS, Row, signal_rows
from services.research.history.scoring.story_steps import StorySteps
from services.research.history.scoring.tally import ScoreReport, Tally
from services.research.progress import Progress, Waiting, patient, quiet
from services.sentiment_analyzer.matching.assets import REGISTRY_FILE, load_registry
from services.sentiment_analyzer.matching.matcher import AssetMatcher
from services.sentiment_analyzer.pipeline.outcome import ANSWERS, Outcome
from services.sentiment_analyzer.pipeline.refusals import LAST_ARTICLES, MOST_REFUSED, Refusals
from services.sentiment_analyzer.scorers.port import Scorer

STEP_ARTICLES = 2_000
"""Articles scored between two checkpoints from which an interrupted run resumes. Receipts keep the answers
of a model."""
SCORING_DELAY = timedelta(minutes=5)
"""From an article being known to its signals being in the store: a poll (NEWS_POLL_INTERVAL, 300 s by default)
is the longest that the live system lets news wait, and a slow model's answer (OLLAMA_TIMEOUT, 120 s) fits in."""
PROGRESS_EVERY = 50


@dataclass(frozen=True, slots=True)
class ScoreOptions:
    """What is scored.

    Attributes:
        pairs: signals are for these.
        delay: how long after an article was known its signals are taken to be available.
        known_from: earlier articles are left out (UTC).
        known_until: so are those known at this time or later (UTC).
        stories: whether, as live, an article that agrees with one that told its story before raises corroboration and
            confidence of that one's signals, instead of making signals of its own.
        tellings_scored: STORY_TELLINGS_SCORED.
        weights: how much sources count, by name in lower case; others count 1.
        owners: who publishes sources, by name in lower case; others are their own owners.
    """

    pairs: tuple[str, ...]
    delay: timedelta = SCORING_DELAY
    known_from: datetime | None = None
    known_until: datetime | None = None
    stories: bool = True
    tellings_scored: int = 0
    weights: tuple[tuple[str, float], ...] = ()
    owners: tuple[tuple[str, str], ...] = ()


def score_archive(
    archive: Archive,
    out: Path,
    scorer: Scorer,
    options: ScoreOptions,
    *,
    scored_by: Sequence[str] = (),
    workers: int = 1,
    progress: Progress = quiet,
    waiting: Waiting = patient,
) -> ScoreReport:
    """Write the signals of an archive to a sentiment CSV, which appears when it is whole.

    Interrupted by KeyboardInterrupt or a crash, the same call goes on where it was.

    Args:
        archive: the articles.
        out: the CSV; compressed if its name ends with .gz.
        scorer: who scores. It has been checked.
        options: what is scored.
        scored_by: what else tells this scorer's answers from others, beside its model's name.
        workers: articles scored at once; with `stories` it is 1, for which article told a story first must be
            known before the next is result.
        progress: called with how many articles are scored, and how many the archive has.
        waiting: called with the reason when an article begins to wait for the scorer.

    Raises:
        StopProgram: no article in the period, or no signal of any, or the scorer refuses about everything.
        TryLater: the scorer is away; what is scored is kept.
    """
    registry = hashlib.sha256(REGISTRY_FILE.read_bytes()).hexdigest()
    task = [archive.identity(), registry, scorer.model, *scored_by, repr(options), COLUMNS]
    with StepwiseCsv(out, COLUMNS, task) as file, _stories(file, options) as told:
        tally = Tally.of(file.state["tally"]) if file.state else Tally()
        resumed_after = tally.articles
        articles = archive.articles(_beginning(file, options), options.known_until)
        matcher = AssetMatcher(load_registry(), options.pairs)

        process = article_processor(
            scorer, matcher, told.stories if told else None, dict(options.weights), dict(options.owners)
        )
        refusals, workers = Refusals(), 1 if options.stories else workers
        while step := list(islice(articles, STEP_ARTICLES)):
            rows: list[Row] = []
            with told.step() if told else nullcontext():
                for result in process_in_order(step, process, workers=workers, waiting=waiting):
                    _refuse_refusals(refusals, result)
                    tally.count(result)
                    rows += signal_rows(result.signals, result.article.known_at, options.delay)
                    if tally.articles % PROGRESS_EVERY == 0:
                        progress(tally.articles, archive.count())
            mark = told.last_number if told else 0
            file.step(rows, {"after": position_of(step[-1]), "tally": tally.as_json(), "stories": mark})
        _refuse_nothing(archive, file, tally, options)
        file.finish()
        story_steps.remove(file)
        return ScoreReport(out, scorer.model, options.delay, tally, resumed_after, file.restarted)


def _refuse_refusals(refusals: Refusals, result: ArticleResult) -> None:
    """Stop when the scorer refuses nearly all articles: recorded as refused, they would never be scored again."""
    if result.outcome in ANSWERS | {REFUSED}:
        refusals.note(result.article.article_id.encode(), refused=result.is_refused)
    if refusals.are_too_many:
        raise StopProgram(
            f"the scorer refused {MOST_REFUSED} of the last {LAST_ARTICLES} articles, so it is hardly them; the last "
            f"because: {result.reason}. ./cryptoboy doctor checks the scorer; what was scored before is kept"
        )


@contextmanager
def _stories(file: StepwiseCsv, options: ScoreOptions) -> Iterator[StorySteps | None]:
    if not options.stories:
        yield None
        return
    with closing(
        StorySteps(file, file.state["stories"] if file.state else 0, options.tellings_scored)
    ) as steps:
        yield steps


def _beginning(file: StepwiseCsv, options: ScoreOptions) -> Position:
    if file.state:
        return Position(*file.state["after"])
    if options.known_from is None:
        return BEGINNING
    return Position(to_microseconds(options.known_from), -1, "")


def _refuse_nothing(archive: Archive, file: StepwiseCsv, tally: Tally, options: ScoreOptions) -> None:
    if not tally.articles:
        span = archive.span()
        reach = f"{span[0].isoformat()} to {span[1].isoformat()}" if span else "nowhere"
        _discard(file)
        raise StopProgram(
            f"{archive.path} has no article known from {options.known_from or 'its start'} to "
            f"{options.known_until or 'its end'}; it reaches from {reach}"
        )
    if not tally.outcomes[Outcome.SCORED]:
        outcomes = ", ".join(f"{outcome} {count}" for outcome, count in tally.outcomes.most_common())
        why = "".join(f"; {reason}" for reason in islice(tally.reasons, 3))
        _discard(file)
        raise StopProgram(
            f"none of {tally.articles} articles gave a signal for {', '.join(options.pairs)} ({outcomes}){why}"
        )


def _discard(file: StepwiseCsv) -> None:
    file.discard()
    story_steps.remove(file)
