"""Cases of our own: what `evaluate` measures beside labelled texts. A new case is a line in `CASES`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from services.research.evaluate.cases import attacks, matching, reversals, scenarios, tellings
from services.research.evaluate.cases.rows import Row
from services.research.evaluate.predict import Progress
from services.sentiment_analyzer.scorers.port import Scorer


@dataclass(frozen=True, slots=True)
class CaseSetup:
    """What a case may use.

    Attributes:
        scorer: the scorer under test, checked and ready, which the case leaves open; None where a case has another
            subject.
        resamples: how many resamples its intervals come from.
        seed: the same seed gives the same figures.
        progress: to be told how far it is.
    """

    scorer: Scorer | None
    resamples: int
    seed: int
    progress: Progress


Measure = Callable[[CaseSetup], Sequence[Row]]


class Case(NamedTuple):
    """A measurement of our own.

    Attributes:
        measure: returns the rows.
        subject: what is measured where that is no scorer; None measures each scorer that was asked for.
    """

    measure: Measure
    subject: str | None = None


def _matching(_setup: CaseSetup) -> Sequence[Row]:
    return matching.measure()


def _hostile(setup: CaseSetup) -> Sequence[Row]:
    if setup.scorer is None:
        raise ValueError("attacks are tried on a scorer")
    return [
        *attacks.measure(setup.scorer, setup.progress),
        *scenarios.measure(setup.scorer, setup.progress),
    ]


def _reversals(setup: CaseSetup) -> Sequence[Row]:
    if setup.scorer is None:
        raise ValueError("headlines are read by a scorer")
    return reversals.measure(setup.scorer)


def _tellings(setup: CaseSetup) -> Sequence[Row]:
    if setup.scorer is None:
        raise ValueError("tellings are compared by their scores")
    return tellings.measure(setup.scorer)


CASES: Mapping[str, Case] = {
    "matching": Case(_matching, subject="asset-matcher"),
    "hostile": Case(_hostile),
    "reversals": Case(_reversals),
    "tellings": Case(_tellings),
}
"""The cases by name, in the order in which they are run."""
