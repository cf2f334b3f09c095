"""Computes confidence intervals by resampling the days of an account.

Neighbouring days of an account are alike, and its trades overlap. Blocks of consecutive days are therefore drawn
whole, with all returns and trades of these days; a block that reaches the end of the period continues at its start:
D. N. Politis and J. P. Romano, "A circular block-resampling procedure for stationary data", 1992. Intervals are
percentiles of the resampled figures (B. Efron and R. J. Tibshirani, "An Introduction to the Bootstrap", 1993, chapter
13).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.research.backtest import equity

CONFIDENCE = 0.95
RESAMPLES = 2000
MIN_DAYS = 10
"""The smallest number of days with a return other than zero for which intervals are given."""
MIN_TRADES = 10
"""The smallest number of trades for which the figures about trades have intervals."""
_USABLE = 0.9
"""The share of the resamples in which a figure must be defined if its interval is to be given."""

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Interval = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Days:
    """An account split into days; each array has one row per day, and a resample draws whole rows.

    Attributes:
        steps: logarithmic returns of the candles of each day; shorter days are padded with zeros: shape (days,
            largest number of candles in a day).
        trades, wins: number of trades closed on each day, and number of those that ended with a profit.
        gains, losses: sums that the trades of each day won and lost, both positive, in stake currency.
        years: length of the period in years.
    """

    steps: Floats
    trades: Floats
    wins: Floats
    gains: Floats
    losses: Floats
    years: float


def block_days(days: int) -> int:
    """Return the block length in days: the cube root of `days`, the best order for a mean, but at least 1."""
    return max(1, int(np.rint(np.cbrt(days))))


def draw_days(days: int, seed: int, resamples: int = RESAMPLES) -> Ints:
    """Draw the days of each resample, shape (resamples, days). The same arguments give the same draws."""
    block = block_days(days)
    generator = np.random.default_rng([seed, days, resamples])
    starts = generator.integers(0, days, size=(resamples, -(-days // block)))
    drawn = (starts[:, :, None] + np.arange(block)) % days
    return np.asarray(drawn.reshape(resamples, -1)[:, :days], dtype=np.int64)


def intervals(account: Days, drawn: Ints) -> dict[str, Interval | None]:
    """Return the interval of each figure of an account; an interval is None if there are too few days or trades."""
    enough_days = int(np.count_nonzero(np.abs(account.steps).sum(axis=1) > 0)) >= MIN_DAYS
    enough_trades = account.trades.sum() >= MIN_TRADES
    figures = _by_resample(account, drawn)
    of_trades = ("profit_factor", "win_rate")
    return {
        name: percentiles(values) if (enough_trades if name in of_trades else enough_days) else None
        for name, values in figures.items()
    }


def difference_interval(one: Days, other: Days, drawn: Ints) -> Interval | None:
    """Return the interval of the profit of `one` minus that of `other` on the same days, in percentage points."""
    if min(np.count_nonzero(np.abs(each.steps).sum(axis=1)) for each in (one, other)) < MIN_DAYS:
        return None
    return percentiles(list(_profits(one, drawn) - _profits(other, drawn)))


def percentiles(values: Sequence[float | None]) -> Interval | None:
    """Return the ends of the middle `CONFIDENCE` of the values, or None if too many of the values are undefined."""
    defined = [value for value in values if value is not None]
    if not defined or len(defined) < _USABLE * len(values):
        return None
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(np.array(defined), [tail, 1 - tail])
    return float(low), float(high)


def _profits(account: Days, drawn: Ints) -> Floats:
    return np.asarray(np.expm1(account.steps.sum(axis=1)[drawn].sum(axis=1)) * 100, dtype=np.float64)


def _by_resample(account: Days, drawn: Ints) -> dict[str, list[float | None]]:
    daily = np.expm1(account.steps.sum(axis=1))
    sums = [getattr(account, name)[drawn].sum(axis=1) for name in equity.Traded._fields]
    resampled = []
    for number, days in enumerate(drawn):
        path = np.exp(np.append(0.0, np.cumsum(account.steps[days].ravel())))
        done = equity.Traded(*(float(each[number]) for each in sums))
        resampled.append(equity.figures(path, daily[days], account.years, done))
    return {name: [figures[name] for figures in resampled] for name in resampled[0]}
