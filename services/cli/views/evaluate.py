"""The tables of `cryptoboy evaluate`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from services.cli.support.answers import figures_table
from services.research.evaluate.figures import ABSTAINED, CLASSES

if TYPE_CHECKING:
    from services.research.evaluate.evaluation import CaseResult, Result


def show_evaluation(results: Sequence[Result], cases: Sequence[CaseResult], console: Console) -> None:
    """Print each set's scorers and baselines, the details of each scorer, and the rows of the cases."""
    for dataset in dict.fromkeys(one.dataset for one in results):
        of_it = [one for one in results if one.dataset == dataset]
        console.print(_scores(dataset, of_it))
        for one in of_it:
            if one.model:
                console.print(_classes(one))
            if one.figures.reliability:
                console.print(_reliability(one))
    for case in cases:
        console.print(_rows(case))
    if results:
        console.print("Intervals are 95%. An abstention counts as an error.")


def _scores(dataset: str, results: Sequence[Result]) -> Table:
    table = figures_table(
        f"{dataset}, {results[0].figures.n} texts",
        ["scorer"],
        ["accuracy", "macro-F1", "abstained", "texts/s"],
    )
    for one in results:
        figures = one.figures
        table.add_row(
            one.scorer,
            _with_interval(figures.accuracy, figures.accuracy_interval),
            _with_interval(figures.macro_f1, figures.macro_f1_interval),
            f"{figures.abstained / figures.n:.1%}",
            f"{one.texts_per_s:,.0f}",
        )
    return table


def _classes(one: Result) -> Table:
    title = f"{one.model}: as labelled (rows) and as said (right)"
    table = figures_table(title, [""], ["n", "precision", "recall", "F1", "+", "0", "-", ABSTAINED])
    for label, row in zip(CLASSES, one.figures.confusion, strict=True):
        found = one.figures.classes[label]
        table.add_row(
            label.value,
            str(found.n),
            f"{found.precision:.3f}",
            f"{found.recall:.3f}",
            f"{found.f1:.3f}",
            *(str(cell) for cell in row),
        )
    return table


def _reliability(one: Result) -> Table:
    error = one.figures.calibration_error or 0.0
    table = figures_table(
        f"{one.model}: is its confidence right? Mean distance {error:.3f}",
        ["confidence"],
        ["texts", "mean confidence", "right"],
    )
    for held in one.figures.reliability:
        table.add_row(
            f"{held.low:.1f} to {held.high:.1f}", str(held.n), f"{held.confidence:.2f}", f"{held.right:.2f}"
        )
    return table


def _rows(case: CaseResult) -> Table:
    table = figures_table(
        f"Case {case.case}: {case.model or case.scorer}", ["figure"], ["value", "unit", "n"]
    )
    for row in case.rows:
        value = "-" if row.value is None else _with_interval(row.value, row.interval)
        table.add_row(row.name, value, row.unit, str(row.n))
    return table


def _with_interval(value: float, interval: tuple[float, float] | None) -> str:
    return f"{value:.3f}" if interval is None else f"{value:.3f} ({interval[0]:.3f}-{interval[1]:.3f})"
