"""Computes what a backtest could have found at all: the smallest effect, and the time that enough trades take.

Pure functions. The smallest effect is the minimum detectable effect of H. S. Bloom, "Minimum Detectable Effects: A
Simple Way to Report the Statistical Power of Experimental Designs", Evaluation Review 19(5), 1995.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import NormalDist, stdev

from services.research.backtest.verdict import MIN_TRADES, SIGNIFICANCE

POWER = 0.8
_MONTH = timedelta(days=365.25 / 12)
_LEAST_SPREAD = 1e-9
"""The spread, in percentage points, below which the controls count as equal because only rounding differs."""

POWER_RULE = (
    f"The smallest effect is (z(1 - {SIGNIFICANCE}/2) + z({POWER})) times the standard deviation of the controls' "
    f"differences, 2.80 times: an effect of that size is found in {POWER:.0%} of such periods, if it moves the "
    "differences without changing how they spread and they are about normal (Bloom 1995)."
)


@dataclass(frozen=True)
class Power:
    """What the backtest could have found.

    Attributes:
        smallest_effect: the smallest difference to the middle of the controls that would be found with a probability
            of `POWER`, percentage points of profit; None if all controls are equal.
        trades_per_month: the trades with sentiment, per month of 30.4 days.
        months_needed: the length of a period with `MIN_TRADES` trades at this rate, in months; None without trades.
    """

    smallest_effect: float | None
    trades_per_month: float
    months_needed: float | None


def power_of(trades: int, length: timedelta, differences: Sequence[float]) -> Power:
    """Compute the power of a backtest.

    Args:
        trades: the number of trades of the combined strategy.
        length: the length of the period.
        differences: for each control, its profit less that of the rules alone, percentage points.
    """
    rate = trades * (_MONTH / length)
    spread = stdev(differences) if len(differences) > 1 else 0.0
    normal = NormalDist()
    reach = normal.inv_cdf(1 - SIGNIFICANCE / 2) + normal.inv_cdf(POWER)
    return Power(
        smallest_effect=reach * spread if spread > _LEAST_SPREAD else None,
        trades_per_month=rate,
        months_needed=MIN_TRADES / rate if trades else None,
    )


def in_words(power: Power) -> str:
    """Describe, for a period with too few trades, how long it should be and what it could have shown."""
    if power.months_needed is None:
        rate = "It made no trade at all, so no period can be named that is long enough."
    else:
        rate = f"At this rate {MIN_TRADES} trades take about {_months(power.months_needed)}."
    if power.smallest_effect is None:
        return f"{rate} The controls do not differ, so no effect of any size could have been seen."
    return (
        f"{rate} The smallest effect that this period could have shown ({POWER:.0%} power) is about "
        f"{power.smallest_effect:.2f} percentage points of profit."
    )


def _months(months: float) -> str:
    return f"{months:.1f} months" if months < 9.5 else f"{months:.0f} months"  # noqa: PLR2004 - digits that mean something
