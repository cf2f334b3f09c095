"""Scores an archive as the live pipeline would have scored it, with the same matching, scorer and signals.

Articles are read in the order in which they became known, so the file is written in sorted order, and neither memory
nor the work after an interruption grows with the archive.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
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
"""The number of articles between two checkpoints; an interrupted run resumes from the last checkpoint. The answers of
a model are stored as receipts."""
SCORING_DELAY = timedelta(minutes=5)
"""The assumed time from an article becoming known to its signals being in the store. The live system lets news wait
for one poll at most (NEWS_POLL_INTERVAL, 300 s by default), and a slow model's answer (OLLAMA_TIMEOUT, 120 s) fits
into this delay."""
PROGRESS_EVERY = 50
Record = Callable[[Sequence[ArticleResult]], None]


def _no_record(_results: Sequence[ArticleResult]) -> None:
    """Record nothing."""


@dataclass(frozen=True, slots=True)
class ScoreOptions:
    """The options of scoring an archive.

    Attributes:
        pairs: the pairs for which signals are made.
        delay: the time from an article becoming known to its signals counting as available.
        known_from: articles known before this time are left out (UTC).
        known_until: articles known at this time or later are left out (UTC).
        stories: whether, as in the live system, an article that agrees with an earlier article on the same story
            raises the corroboration and confidence of the earlier article's signals instead of making its own
            signals.
        tellings_scored: the value of STORY_TELLINGS_SCORED.
        weights: the weights of sources, by name in lower case; other sources have the weight 1.
        owners: the owners of sources, by name in lower case; other sources are their own owners.
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
    record: Record = _no_record,
) -> ScoreReport:
    """Write the signals of an archive to a sentiment CSV, which appears when it is complete.

    After an interruption by KeyboardInterrupt or a crash, the same call resumes the work.

    Args:
        archive: the archive of the articles.
        out: the path of the CSV, which is compressed if its name ends with .gz.
        scorer: the scorer, which must have been checked.
        options: the options of scoring.
        scored_by: values besides the model's name that distinguish this scorer's answers from those of others.
        workers: the number of articles scored in parallel; with `stories` it is 1, because the result of an article
            depends on which article told its story first.
        progress: called with the number of articles that are scored, and the number in the archive.
        waiting: called with the reason when an article begins to wait for the scorer.
        record: called with the results of each step, again with the same ones after an interruption.

    Raises:
        StopProgram: no article lies in the period, no article gives a signal, or the scorer refuses nearly all
            articles.
        TryLater: the scorer is not available; the results so far are kept.
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
            results: list[ArticleResult] = []
            with told.step() if told else nullcontext():
                for result in process_in_order(step, process, workers=workers, waiting=waiting):
                    _refuse_refusals(refusals, result)
                    tally.count(result)
                    results.append(result)
                    rows += signal_rows(result.signals, result.article.known_at, options.delay)
                    if tally.articles % PROGRESS_EVERY == 0:
                        progress(tally.articles, archive.count())
            record(results)
            mark = told.last_number if told else 0
            file.step(rows, {"after": position_of(step[-1]), "tally": tally.as_json(), "stories": mark})
        _refuse_nothing(archive, file, tally, options)
        file.finish()
        story_steps.remove(file)
        return ScoreReport(out, scorer.model, options.delay, tally, resumed_after, file.restarted)


def _refuse_refusals(refusals: Refusals, result: ArticleResult) -> None:
    """Raise StopProgram if the scorer refuses nearly all articles; a recorded refusal is never scored again."""
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
