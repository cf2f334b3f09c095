"""Computes an account's worth over time and the figures that follow from it, without input or output.

The worth is marked to market: it is the value of cash and coins at the open of every candle, as Freqtrade's own
backtest captures it. The first value is the balance at the start, the last is the balance after the last trade is
closed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

DAYS_A_YEAR = 365
"""The number of trading days in a year: coins are traded every day."""

_DAY = timedelta(days=1) // timedelta(microseconds=1)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Equity:
    """The worth of an account over time.

    Attributes:
        times: the times of the values, oldest first, with the index 0, 1, 2 ... (datetime64, UTC); the other arrays
            have one element for each time.
        worth: the worth in stake currency, positive.
        invested: the share of the worth that is in coins, 0..1.
        closes: positions in `times` at which a day (UTC) or the period ends, in rising order.
    """

    times: pd.DatetimeIndex
    worth: Floats
    invested: Floats
    closes: Ints

    @classmethod
    def of(cls, times: pd.DatetimeIndex, worth: Floats, invested: Floats) -> Equity:
        """Build the equity from at least two points; the first point is the start."""
        # A value at midnight belongs to the day before.
        day = (np.asarray(times.as_unit("us").astype("int64"), dtype=np.int64) - 1) // _DAY
        last = np.flatnonzero(np.append(day[1:] != day[:-1], True))
        return cls(times, worth, invested, last[last > 0])

    def step_returns(self) -> Floats:
        """Return the logarithmic returns between neighbouring points."""
        return np.diff(np.log(self.worth))

    def daily_returns(self) -> Floats:
        """Return the simple return of each day (UTC); the first and the last day may be incomplete."""
        daily = np.append(self.worth[:1], self.worth[self.closes])
        return daily[1:] / daily[:-1] - 1

    @property
    def years(self) -> float:
        """Return the length of the period in years."""
        length: timedelta = self.times[-1] - self.times[0]
        return length / timedelta(days=DAYS_A_YEAR)


def profit_pct(worth: Floats) -> float:
    """Return the gain from the first to the last value, in percent of the first value."""
    return float(worth[-1] / worth[0] - 1) * 100


def drawdown_pct(worth: Floats) -> Floats:
    """Return how far each value lies below the highest value so far, in percent of that highest value, 0 or more."""
    return np.asarray((1 - worth / np.maximum.accumulate(worth)) * 100, dtype=np.float64)


def sharpe(daily: Floats) -> float | None:
    """Return the mean daily return divided by its standard deviation, per year, with a riskless return of 0.

    W. F. Sharpe, "The Sharpe Ratio", Journal of Portfolio Management 21(1), 1994.
    """
    return _ratio(float(daily.mean()), float(daily.std(ddof=1)) if daily.size > 1 else 0.0, DAYS_A_YEAR**0.5)


def sortino(daily: Floats) -> float | None:
    """Return the Sortino ratio: the Sharpe ratio with the downside deviation in place of the standard deviation.

    The downside deviation is the root mean square of the daily losses, where days without a loss count as zero. F. A.
    Sortino and L. N. Price, "Performance Measurement in a Downside Risk Framework", Journal of Investing 3(3), 1994.
    """
    downside = float(np.sqrt(np.mean(np.minimum(daily, 0.0) ** 2)))
    return _ratio(float(daily.mean()), downside, DAYS_A_YEAR**0.5)


def calmar(profit: float, years: float, drawdown: float) -> float | None:
    """Return the compound annual return divided by the largest drawdown, both in percent.

    T. W. Young, "Calmar Ratio: A Smoother Tool", Futures 20(1), 1991.
    """
    growth = 1 + profit / 100
    if growth <= 0 or years <= 0:
        return None
    with np.errstate(over="ignore"):
        yearly = float(np.expm1(np.log(growth) / years) * 100)
    return _ratio(yearly, drawdown, 1.0)


class Traded(NamedTuple):
    """The totals of closed trades; `gains` and `losses` are both positive, in stake currency."""

    trades: float
    wins: float
    gains: float
    losses: float


def traded(profit: pd.Series[float]) -> Traded:
    """Compute the totals from the profits of the trades."""
    won, lost = profit[profit > 0], profit[profit < 0]
    return Traded(len(profit), len(won), float(won.sum()), float(-lost.sum()))


def figures(worth: Floats, daily: Floats, years: float, done: Traded) -> dict[str, float | None]:
    """Return the figures of an account; a figure is None if it is undefined, such as a ratio with denominator zero.

    Args:
        worth: the values of the account from the start to the end.
        daily: the daily returns of the account.
        years: length of the period in years.
        done: the totals of its closed trades.
    """
    profit, fall = profit_pct(worth), float(drawdown_pct(worth).max())
    return {
        "profit_pct": profit,
        "sharpe": sharpe(daily),
        "sortino": sortino(daily),
        "calmar": calmar(profit, years, fall),
        "max_drawdown_pct": fall,
        "profit_factor": _ratio(done.gains, done.losses, 1.0),
        "win_rate": _ratio(done.wins, done.trades, 1.0),
    }


def _ratio(numerator: float, denominator: float, scale: float) -> float | None:
    if not denominator > _ROUNDING:
        return None
    ratio = numerator / denominator * scale
    return ratio if np.isfinite(ratio) else None


_ROUNDING = 1e-12
"""A deviation below this value is rounding error, and a ratio with it as denominator would be meaningless."""
