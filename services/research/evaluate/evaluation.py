"""Runs one evaluation: each scorer and each baseline on each set of labelled texts, and the cases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.research.evaluate.cases.catalogue import OF_MATCHING, OF_SCORERS
from services.research.evaluate.cases.rows import Row
from services.research.evaluate.figures import Figures, figures_of
from services.research.evaluate.labelled import Labelled
from services.research.evaluate.predict import (
    PlainVader,
    Run,
    WithScorer,
    always_neutral,
    predict_all,
)
from services.research.progress import Progress
from services.sentiment_analyzer.scorers.port import Scorer


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one scorer or baseline on one set of texts."""

    scorer: str
    model: str
    dataset: str
    figures: Figures
    texts_per_s: float


@dataclass(frozen=True, slots=True)
class CaseResult:
    """The rows of one case for one scorer; if the case uses no scorer, the rows of the code that it measures."""

    case: str
    scorer: str
    model: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The options of an evaluation.

    Attributes:
        datasets: the labelled texts.
        cases: the names of the cases to run, from `CASES`.
        resamples: the number of resamples from which the intervals are computed.
        seed: the seed of the resamples; the same seed repeats every figure except those of speed.
        at_once: the number of texts given at the same time to a scorer that waits for a server.
    """

    datasets: tuple[Labelled, ...]
    cases: tuple[str, ...]
    resamples: int
    seed: int
    at_once: int

    @property
    def needs_scorers(self) -> bool:
        """Whether any part of the plan uses a scorer."""
        return bool(self.datasets) or any(name in OF_SCORERS for name in self.cases)


def evaluate(
    plan: Plan, scorers: Sequence[Scorer], progress: Progress
) -> tuple[list[Result], list[CaseResult]]:
    """Run a plan with scorers that were checked.

    Raises:
        TryLater: a scorer's server is not available. No partial figures are returned.
    """
    results = []
    for data in plan.datasets:
        runs = [_run(scorer, data, plan.at_once, progress) for scorer in scorers]
        runs.append(predict_all("always-neutral", "", always_neutral, data.texts, progress=progress))
        runs.append(predict_all("vader", "", PlainVader(), data.texts, progress=progress))
        results += [_result(run, data, plan) for run in runs]
    return results, [found for name in plan.cases for found in _case(name, scorers, progress)]


def _case(name: str, scorers: Sequence[Scorer], progress: Progress) -> Iterator[CaseResult]:
    if name in OF_MATCHING:
        yield CaseResult(name, "asset-matcher", "", tuple(OF_MATCHING[name]()))
        return
    for scorer in scorers:
        yield CaseResult(name, scorer.name, scorer.model, tuple(OF_SCORERS[name](scorer, progress)))


def _run(scorer: Scorer, data: Labelled, at_once: int, progress: Progress) -> Run:
    waits = scorer.articles_at_once == 1
    return predict_all(
        scorer.name,
        scorer.model,
        WithScorer(scorer),
        data.texts,
        at_once=at_once if waits else 1,
        progress=progress,
    )


def _result(run: Run, data: Labelled, plan: Plan) -> Result:
    figures = figures_of(data.labels, run.predictions, resamples=plan.resamples, seed=plan.seed)
    return Result(run.scorer, run.model, data.name, figures, len(data.texts) / run.seconds)
