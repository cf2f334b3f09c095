"""Converts a study to one JSON object; a value that is undefined or cannot be measured is null, never NaN."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from services.common.forward_returns import PRICE_RULE, short
from services.common.statistics.resampling import CONFIDENCE, MIN_BLOCKS, NOTHING, Estimate, block_length
from services.research.study.conclusions import CAUTION, FALSE_DISCOVERY_RATE, Measure, Tests, conclusion
from services.research.study.events import CORRECTION_RULE
from services.research.study.sample import Figures
from services.research.study.study import DELAYS, HORIZONS, SIDES, Cell, DecayPoint, Study

_PLACES = 6


def study_json(study: Study, tests: Tests) -> dict[str, Any]:
    """Return all results of a study, for `json.dumps(..., allow_nan=False)`."""
    return {
        "period": {"from": study.start.isoformat(), "to": study.end.isoformat()},
        "pairs": list(study.pairs),
        "timeframe": study.timeframe,
        "signals": _signals(study),
        "method": _method(study),
        "horizons": [_horizon(study, horizon) for horizon in HORIZONS],
        "delays": [_length(study, "delay", delay) for delay in DELAYS],
        "cells": _cells(study, tests),
        "decay": [_decay(point) for point in study.decay],
        "multiple_testing": _multiple_testing(tests),
        "verdict": conclusion(study, tests),
    }


def _signals(study: Study) -> dict[str, Any]:
    events, frame = study.events, study.events.frame
    return {
        "rows": events.rows,
        "events": len(frame),
        "first": frame["available_at"].min().isoformat(),
        "last": frame["available_at"].max().isoformat(),
        "articles": int(frame["article_id"].nunique()),
        "instants": int(frame["available_at"].nunique()),
        "corrections": int((frame["kind"] == "correction").sum()),
        "market_scope": int((frame["scope"] == "market").sum()),
        "degraded": int(frame["degraded"].sum()),
        "left_out": {
            "repeated_or_superseded": events.repeated,
            "corrections_without_change": events.unchanged,
            "not_selected": events.not_selected,
            "without_candles": events.without_candles,
        },
    }


def _method(study: Study) -> dict[str, Any]:
    return {
        "price": PRICE_RULE,
        "abnormal": "The mean return less the mean of each event's own pair over all candles of the period.",
        "corrections": CORRECTION_RULE,
        "interval": (
            f"{CONFIDENCE:.0%}: the standard error is the spread over resamples of whole blocks of time (all pairs "
            "together, drawn with replacement), the reach Student's t with blocks - 1 degrees of freedom; at least "
            f"{MIN_BLOCKS} blocks with events, else null"
        ),
        "p_value": "two-sided against zero, from the same standard error and t",
        "independent": "the most return windows that do not overlap, whatever the pair",
        "correlation": "Spearman's rank correlation of score and raw return; null within a label",
        "resamples": study.design.resamples,
        "seed": study.design.seed,
        "min_events": study.design.min_events,
    }


def _length(study: Study, name: str, length: timedelta) -> dict[str, Any]:
    reason = study.reason(length)
    return {
        name: short(length),
        "seconds": int(length.total_seconds()),
        "measurable": reason is None,
        "reason": reason,
    }


def _horizon(study: Study, horizon: timedelta) -> dict[str, Any]:
    measured = study.measured.get(horizon)
    lost = None if measured is None else len(study.events.frame) - measured
    return _length(study, "horizon", horizon) | {
        "block_hours": None if measured is None else block_length(horizon) / timedelta(hours=1),
        "events_with_return": measured,
        "events_without_candles_at_entry_or_exit": lost,
    }


def _cells(study: Study, tests: Tests) -> list[dict[str, Any]]:
    standing = {(id(test.cell), test.measure): test.stands for test in tests.every}
    return [_cell(cell, standing) for cell in study.cells]


def _cell(cell: Cell, standing: Mapping[tuple[int, Measure], bool]) -> dict[str, Any]:
    return {
        "group": " and ".join(cell.key) or "all",
        "key": cell.key,
        "horizon": short(cell.horizon),
        **_figures(cell.figures),
        "abnormal_stands": standing.get((id(cell), "abnormal")),
        "correlation_stands": standing.get((id(cell), "correlation")),
    }


def _decay(point: DecayPoint) -> dict[str, Any]:
    sides = point.sides or {}
    return {
        "horizon": short(point.horizon),
        "delay": short(point.delay),
        "mean_wait_hours": None if point.wait is None else _rounded(point.wait / timedelta(hours=1)),
        **_figures(point.every),
        **{side: _figures(sides.get(side), correlate=False) for side in SIDES},
    }


def _figures(figures: Figures | None, *, correlate: bool = True) -> dict[str, Any]:
    known = figures or Figures(0, 0)
    return {
        "events": figures and known.events,
        "independent": figures and known.independent,
        **_estimate("mean_return_pct", known.mean, tested=False),
        "median_return_pct": _rounded(known.median),
        "up_share": _rounded(known.up_share),
        **_estimate("abnormal_return_pct", known.abnormal),
        **(_estimate("correlation", known.correlation) if correlate else {}),
    }


def _estimate(name: str, found: Estimate = NOTHING, *, tested: bool = True) -> dict[str, Any]:
    stem = name.removesuffix("_pct")
    interval = None if found.low is None else [_rounded(found.low), _rounded(found.high)]
    told = {name: _rounded(found.value), f"{stem}_interval": interval}
    return told | ({f"{stem}_p": _rounded(found.p_value)} if tested else {})


def _multiple_testing(tests: Tests) -> dict[str, Any]:
    return {
        "method": f"Benjamini-Hochberg at {FALSE_DISCOVERY_RATE:.0%}, over all tests and over the primary ones",
        "tests": len(tests.every),
        "p_below_0_05": tests.below_five_percent,
        "expected_by_chance": _rounded((1 - CONFIDENCE) * len(tests.every)),
        "standing": tests.standing,
        "primary": [
            {"horizon": short(test.cell.horizon), "p_value": _rounded(test.p_value), "stands": test.stands}
            for test in tests.primary
        ],
        "caution": CAUTION,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, _PLACES)
