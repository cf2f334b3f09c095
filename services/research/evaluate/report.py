"""Converts an evaluation to JSON: a list with one object for each scorer on each set of texts and for each case."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from services.research.evaluate.evaluation import CaseResult, Result
from services.research.evaluate.figures import ABSTAINED, CLASSES
from services.research.rounding import rounded

_DIGITS = 4


def evaluation_json(results: Sequence[Result], cases: Sequence[CaseResult]) -> list[dict[str, Any]]:
    """Return all results. Every object has scorer, dataset, n, accuracy, macro_f1, abstained and texts_per_s.

    The object of a case has the case's name as dataset, its figures in `rows`, and null for figures that do not
    apply.
    """
    objects = [*map(_result, results), *map(_case, cases)]
    return [rounded(each, _DIGITS) for each in objects]


def _result(one: Result) -> dict[str, Any]:
    figures = one.figures
    columns = [*(label.value for label in CLASSES), ABSTAINED]
    return {
        "scorer": one.scorer,
        "dataset": one.dataset,
        "n": figures.n,
        "accuracy": figures.accuracy,
        "macro_f1": figures.macro_f1,
        "abstained": figures.abstained,
        "texts_per_s": round(one.texts_per_s, 1),
        "model": one.model or None,
        "accuracy_interval": figures.accuracy_interval,
        "macro_f1_interval": figures.macro_f1_interval,
        "classes": {label.value: found._asdict() for label, found in figures.classes.items()},
        "confusion": {
            label.value: dict(zip(columns, row, strict=True))
            for label, row in zip(CLASSES, figures.confusion, strict=True)
        },
        "reliability": [
            {
                "from": held.low,
                "to": held.high,
                "n": held.n,
                "confidence": held.confidence,
                "right": held.right,
            }
            for held in figures.reliability
        ],
        "calibration_error": figures.calibration_error,
    }


def _case(one: CaseResult) -> dict[str, Any]:
    return {
        "scorer": one.scorer,
        "dataset": one.case,
        "n": max((row.n for row in one.rows), default=0),
        "accuracy": None,
        "macro_f1": None,
        "abstained": None,
        "texts_per_s": None,
        "model": one.model or None,
        "case": one.case,
        "rows": [row._asdict() for row in one.rows],
    }
