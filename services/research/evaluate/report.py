"""An evaluation for programs: a list, one object for each scorer on each set of texts, and one for each case."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from services.research.evaluate.evaluation import CaseResult, Result
from services.research.evaluate.figures import ABSTAINED, CLASSES

_DIGITS = 4


def evaluation_json(results: Sequence[Result], cases: Sequence[CaseResult]) -> list[dict[str, Any]]:
    """All results. Every object has scorer, dataset, n, accuracy, macro_f1, abstained and texts_per_s.

    Those of a case have its name as dataset, its figures in `rows`, and null where a figure does not apply.
    """
    return [*(_result(one) for one in results), *(_case(one) for one in cases)]


def _result(one: Result) -> dict[str, Any]:
    figures = one.figures
    columns = [*(label.value for label in CLASSES), ABSTAINED]
    return {
        "scorer": one.scorer,
        "dataset": one.dataset,
        "n": figures.n,
        "accuracy": _short(figures.accuracy),
        "macro_f1": _short(figures.macro_f1),
        "abstained": figures.abstained,
        "texts_per_s": round(one.texts_per_s, 1),
        "model": one.model or None,
        "accuracy_interval": [_short(end) for end in figures.accuracy_interval],
        "macro_f1_interval": [_short(end) for end in figures.macro_f1_interval],
        "classes": {
            label.value: {
                "precision": _short(found.precision),
                "recall": _short(found.recall),
                "f1": _short(found.f1),
                "n": found.n,
            }
            for label, found in figures.classes.items()
        },
        "confusion": {
            label.value: dict(zip(columns, row, strict=True))
            for label, row in zip(CLASSES, figures.confusion, strict=True)
        },
        "reliability": [
            {
                "from": held.low,
                "to": held.high,
                "n": held.n,
                "confidence": _short(held.confidence),
                "right": _short(held.right),
            }
            for held in figures.reliability
        ],
        "calibration_error": _short(figures.calibration_error),
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
        "rows": [
            {
                "name": row.name,
                "value": _short(row.value),
                "unit": row.unit,
                "n": row.n,
                "interval": row.interval and [_short(end) for end in row.interval],
            }
            for row in one.rows
        ],
    }


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, _DIGITS)
