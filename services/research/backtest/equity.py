"""What an account was worth over time, and what follows from it. Pure.

Worth is marked to market: cash and coins at the open of every candle, as Freqtrade's own backtest captures it, from
the balance at the start to the balance after the last trade is closed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

DAYS_A_YEAR = 365
"""Coins are traded on every day of the year."""

_DAY = timedelta(days=1) // timedelta(microseconds=1)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Equity:
    """The worth of an account.

    Attributes:
        times: when, oldest first; index 0, 1, 2 ... as the others (datetime64, UTC).
        worth: in stake currency, positive.
        invested: share of the worth that is in coins, 0..1.
        closes: positions in `times` at which a day (UTC) or the period ends, rising.
    """

    times: pd.DatetimeIndex
    worth: Floats
    invested: Floats
    closes: Ints

    @classmethod
    def of(cls, times: pd.DatetimeIndex, worth: Floats, invested: Floats) -> Equity:
        """From at least two points; the first is the start."""
        # A value at midnight belongs to the day before.
        day = (np.asarray(times.as_unit("us").astype("int64"), dtype=np.int64) - 1) // _DAY
        last = np.flatnonzero(np.append(day[1:] != day[:-1], True))
        return cls(times, worth, invested, last[last > 0])

    def step_returns(self) -> Floats:
        """Logarithmic returns between neighbouring points."""
        return np.diff(np.log(self.worth))

    def daily_returns(self) -> Floats:
        """Simple returns of the days (UTC); the first and the last may be parts of one."""
        daily = np.append(self.worth[:1], self.worth[self.closes])
        return daily[1:] / daily[:-1] - 1

    @property
    def years(self) -> float:
        """Length of the period."""
        length: timedelta = self.times[-1] - self.times[0]
        return length / timedelta(days=DAYS_A_YEAR)


def profit_pct(worth: Floats) -> float:
    """Gain from the first to the last value, percent."""
    return float(worth[-1] / worth[0] - 1) * 100


def drawdown_pct(worth: Floats) -> Floats:
    """How far each value lies below the highest so far, percent, 0 or more."""
    return np.asarray((1 - worth / np.maximum.accumulate(worth)) * 100, dtype=np.float64)


def sharpe(daily: Floats) -> float | None:
    """Mean over standard deviation of daily returns, per year; a riskless return of zero is assumed.

    W. F. Sharpe, "The Sharpe Ratio", Journal of Portfolio Management 21(1), 1994.
    """
    return _ratio(float(daily.mean()), float(daily.std(ddof=1)) if daily.size > 1 else 0.0, DAYS_A_YEAR**0.5)


def sortino(daily: Floats) -> float | None:
    """As Sharpe's, over the root mean square of the losing days alone, all days counted.

    F. A. Sortino and L. N. Price, "Performance Measurement in a Downside Risk Framework", Journal of Investing 3(3),
    1994.
    """
    downside = float(np.sqrt(np.mean(np.minimum(daily, 0.0) ** 2)))
    return _ratio(float(daily.mean()), downside, DAYS_A_YEAR**0.5)


def calmar(profit: float, years: float, drawdown: float) -> float | None:
    """The compound return of a year over the largest drawdown, both percent.

    T. W. Young, "Calmar Ratio: A Smoother Tool", Futures 20(1), 1991.
    """
    growth = 1 + profit / 100
    if growth <= 0 or years <= 0:
        return None
    with np.errstate(over="ignore"):
        yearly = float(np.expm1(np.log(growth) / years) * 100)
    return _ratio(yearly, drawdown, 1.0)


class Traded(NamedTuple):
    """What closed trades did; `gains` and `losses` are both positive, in stake currency."""

    trades: float
    wins: float
    gains: float
    losses: float


def traded(profit: pd.Series[float]) -> Traded:
    """Computed from the profits of trades."""
    won, lost = profit[profit > 0], profit[profit < 0]
    return Traded(len(profit), len(won), float(won.sum()), float(-lost.sum()))


def figures(worth: Floats, daily: Floats, years: float, done: Traded) -> dict[str, float | None]:
    """What an account did; None where a figure is not defined, such as a ratio over nothing.

    Args:
        worth: from the start to the end.
        daily: returns of its days.
        years: length of the period.
        done: its trades.
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
"""A smaller deviation is rounding error, and a ratio over it would be noise."""
