"""Converts the out-of-sample results of a walk-forward to one JSON object, in which undefined values are null."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from services.research.backtest import equity
from services.research.backtest.verdict import MIN_TRADES
from services.research.rounding import rounded
from services.research.walk_forward.run import Tested, Walked, WalkForward, growth
from services.research.walk_forward.windows import Stretch

_PLACES = 6
_DAY = timedelta(days=1)
OVERFITTING_RULE = (
    "Mean daily growth on the tests over mean daily growth of the same parameters on what they were fitted on. Near 1: "
    "what was found holds. Near 0 or below: it was fitted to noise. null: the fits made nothing even where they were "
    "fitted."
)


def walk_forward_json(found: WalkForward) -> dict[str, Any]:
    """Return all results, for `json.dumps(..., allow_nan=False)`; no figure is from a period used for fitting."""
    fitted = together([walked.fitted for walked in found.walked])
    unfitted = together([walked.unfitted for walked in found.walked])
    ratio = overfitting(found.walked)
    first, last = found.walked[0].window, found.walked[-1].window
    return {
        "period": {"from": found.plan.start.isoformat(), "to": found.plan.end.isoformat()},
        "tested": _stretch(Stretch(first.test.start, last.test.end)),
        "days_untested_at_the_end": round((found.plan.end - last.test.end) / _DAY, _PLACES),
        "pairs": list(found.inputs.pairs),
        "timeframe": found.plan.timeframe,
        "fit_days": round(first.fit.length / _DAY, _PLACES),
        "test_days": round(first.test.length / _DAY, _PLACES),
        "hyperopt": {
            "epochs": found.search.epochs,
            "spaces": list(found.search.spaces),
            "loss": found.search.loss,
            "seed": found.search.seed,
        },
        "windows": [_window(walked) for walked in found.walked],
        "out_of_sample": fitted,
        "unfitted_defaults": unfitted,
        "overfitting": {"ratio": rounded(ratio, _PLACES), "meaning": OVERFITTING_RULE},
        "notes": list(found.inputs.notes),
        "verdict": verdict(fitted, unfitted, ratio, len(found.walked)),
    }


def together(tests: Sequence[Tested]) -> dict[str, Any]:
    """Return the figures of consecutive tests as one account, in which each test starts with the previous balance."""
    worth = chained([test.equity.worth for test in tests])
    trades = pd.concat([test.trades for test in tests], ignore_index=True)
    daily = np.concatenate([test.equity.daily_returns() for test in tests])
    done = equity.traded(trades["profit_abs"])
    years = sum(test.equity.years for test in tests)
    figures = equity.figures(worth, daily, years, done)
    return {"trades": len(trades)} | {name: rounded(value, _PLACES) for name, value in figures.items()}


def chained(accounts: Sequence[equity.Floats]) -> equity.Floats:
    """Join accounts so that each begins with the final worth of the one before; the first begins with 1."""
    parts, capital = [np.ones(1)], 1.0
    for worth in accounts:
        parts.append(worth[1:] / worth[0] * capital)
        capital *= float(worth[-1] / worth[0])
    return np.concatenate(parts)


def overfitting(walked: Sequence[Walked]) -> float | None:
    """Return the share of the in-sample growth that remains out of sample, see `OVERFITTING_RULE`."""
    in_sample = float(np.mean([one.growth_in_sample for one in walked]))
    if in_sample <= 0:
        return None
    tested = [growth(one.fitted.equity, one.window.test.length) for one in walked]
    return float(np.mean(tested)) / in_sample


def verdict(fitted: dict[str, Any], unfitted: dict[str, Any], ratio: float | None, windows: int) -> str:
    """Return what the tests show, in plain words."""
    gained, before = fitted["profit_pct"], unfitted["profit_pct"]
    told = (
        f"Out of sample, over {windows} tests, the fitted strategy made {gained:+.2f}% in {fitted['trades']} trades "
        f"with a largest drawdown of {fitted['max_drawdown_pct']:.2f}%; unfitted it made {before:+.2f}% in "
        f"{unfitted['trades']}."
    )
    if ratio is None:
        told += " Even where they were fitted, the parameters made nothing."
    elif ratio > 0:
        told += f" Of their daily growth in sample {ratio:.0%} was left out of sample."
    else:
        told += " Nothing of their growth in sample was left out of sample."
    if fitted["trades"] < MIN_TRADES:
        return f"{told} Fewer than {MIN_TRADES} trades are too few to say more."
    if gained > max(before, 0):
        return f"{told} Fitting helped here; one period is no promise of the next."
    return f"{told} Fitting did not help: the defaults or no trade at all did as well or better."


def _window(walked: Walked) -> dict[str, Any]:
    return {
        "fit": _stretch(walked.window.fit),
        "test": _stretch(walked.window.test),
        "fitted": walked.parameters is not None,
        "parameters": walked.parameters and dict(walked.parameters),
        "out_of_sample": together([walked.fitted]),
        "unfitted_defaults": together([walked.unfitted]),
    }


def _stretch(stretch: Stretch) -> dict[str, str]:
    return {"from": stretch.start.isoformat(), "to": stretch.end.isoformat()}
