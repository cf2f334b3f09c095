"""Draws the conclusions of a study: which of its many tests are significant after correction, and a summary."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from services.common.forward_returns import short
from services.common.statistics.resampling import CONFIDENCE, discoveries
from services.research.study.study import Cell, Study

FALSE_DISCOVERY_RATE = 0.05
CAUTION = (
    "Cells share events and prices, so their tests hang together; Benjamini-Hochberg holds for positive dependence "
    "and is a guide beyond it. What stands only among the many is a question for other months, not an answer. "
    "The points of the decay are for looking at and are not among the tests."
)

Measure = Literal["abnormal", "correlation"]


class Test(NamedTuple):
    """A test of one figure against zero; `stands` is True if it is significant after correction for all tests."""

    cell: Cell
    measure: Measure
    p_value: float
    stands: bool


@dataclass(frozen=True)
class Tests:
    """All tests of a study.

    Attributes:
        primary: the tests of score against return over all events, one for each measurable horizon. They answer the
            question that was asked beforehand and are corrected among themselves.
        every: the tests of every figure that has a p, including the primary tests. They are corrected together.
    """

    primary: tuple[Test, ...]
    every: tuple[Test, ...]

    @property
    def below_five_percent(self) -> int:
        """The number of tests with p < 0.05 before the correction for the number of tests."""
        return sum(test.p_value < 1 - CONFIDENCE for test in self.every)

    @property
    def standing(self) -> int:
        """The number of tests that are significant after the correction."""
        return sum(test.stands for test in self.every)


def all_tests(study: Study) -> Tests:
    """Test every figure that has a p: the mean abnormal returns and the correlations of the cells."""
    every = list(_tested(study.cells))
    primary = [(cell, measure, p) for cell, measure, p in every if not cell.key and measure == "correlation"]
    return Tests(_stand(primary), _stand(every))


def _tested(cells: Iterable[Cell]) -> Iterable[tuple[Cell, Measure, float]]:
    for cell in cells:
        if cell.figures is None:
            continue
        if (p := cell.figures.abnormal.p_value) is not None and cell.key:
            yield cell, "abnormal", p
        if (p := cell.figures.correlation.p_value) is not None:
            yield cell, "correlation", p


def _stand(tests: Sequence[tuple[Cell, Measure, float]]) -> tuple[Test, ...]:
    stands = discoveries([p for _, _, p in tests], FALSE_DISCOVERY_RATE)
    return tuple(Test(*test, stand) for test, stand in zip(tests, stands, strict=True))


def conclusion(study: Study, tests: Tests) -> str:
    """Return what the study shows and what it does not show, in plain words."""
    return f"{_shown(study, tests)} {_among_many(tests)} {_NOT_SHOWN}"


_NOT_SHOWN = (
    "Not shown: that a trade would have earned anything (no fees, spread or slippage are counted), that the news "
    "moved the price (news is also written about moves that have happened), or that other months are like these."
)


def _shown(study: Study, tests: Tests) -> str:
    if not tests.primary:
        return (
            f"{len(study.events.frame)} events are too few, or lie in too few days, to say whether the score "
            "and the return that follows go together."
        )
    standing = [test for test in tests.primary if test.stands]
    if not standing:
        return (
            "Whether score and return go together cannot be told from chance at any measured horizon; rank "
            f"correlations: {_correlations(tests.primary)}."
        )
    rising = [test for test in standing if _value(test) > 0]
    falling = [test for test in standing if _value(test) <= 0]
    sentences = []
    if rising:
        sentences.append(
            f"Higher scores were followed by higher returns over {_horizons(rising)} ({_correlations(rising)})."
        )
    if falling:
        sentences.append(
            f"Higher scores were followed by lower returns over {_horizons(falling)} ({_correlations(falling)}): "
            "the opposite of what buying on good news needs."
        )
    if rest := [test for test in tests.primary if not test.stands]:
        sentences.append(f"Over {_horizons(rest)} it cannot be told from chance ({_correlations(rest)}).")
    return " ".join(sentences)


def _value(test: Test) -> float:
    figures = test.cell.figures
    return (figures.correlation.value if figures else None) or 0.0


def _horizons(tests: Iterable[Test]) -> str:
    return " and ".join(short(test.cell.horizon) for test in tests)


def _correlations(tests: Iterable[Test]) -> str:
    texts = []
    for test in tests:
        if (figures := test.cell.figures) is None:
            continue
        found = figures.correlation
        texts.append(
            f"{short(test.cell.horizon)} {found.value:+.3f} [{found.low:+.3f}, {found.high:+.3f}], "
            f"{figures.independent} windows apart"
        )
    return "; ".join(texts)


def _among_many(tests: Tests) -> str:
    if not tests.every:
        return "No cell has enough events for a test."
    return (
        f"Of {len(tests.every)} tests over all cells {tests.below_five_percent} have p < 0.05, where chance alone "
        f"gives about {(1 - CONFIDENCE) * len(tests.every):.0f}; {tests.standing} stand after Benjamini-Hochberg."
    )
