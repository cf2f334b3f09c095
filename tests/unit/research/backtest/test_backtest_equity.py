"""Figures of an account, against numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from services.research.backtest import equity
from services.research.backtest.equity import Equity


def hourly(worth: list[float], start: str = "2025-05-01") -> Equity:
    times = pd.date_range(start, periods=len(worth), freq="h", tz="UTC")
    return Equity.of(pd.DatetimeIndex(times), np.array(worth), np.zeros(len(worth)))


def test_days_end_at_midnight_and_the_last_one_where_the_period_does() -> None:
    # The value at midnight, the 25th and the 49th, is what the day before ended with.
    account = hourly([100.0] * 24 + [110.0] + [120.0] * 23 + [99.0] + [108.9] * 6)
    assert account.daily_returns() == pytest.approx([0.1, -0.1, 0.1])


def test_daily_returns_multiply_to_the_profit_wherever_the_period_begins() -> None:
    worth = [100 + 3 * np.sin(hour / 5) for hour in range(75)]
    for start in ("2025-05-01", "2025-05-01 23:00", "2025-05-01 01:00"):
        account = hourly(worth, start)
        profit = float(np.prod(1 + account.daily_returns()) - 1) * 100
        assert profit == pytest.approx(equity.profit_pct(account.worth))


def test_sharpe_is_the_yearly_ratio_of_daily_returns() -> None:
    daily = np.array([0.01, -0.01, 0.02])
    mean, deviation = (
        0.02 / 3,
        np.sqrt(((0.01 - 0.02 / 3) ** 2 + (0.01 + 0.02 / 3) ** 2 + (0.02 - 0.02 / 3) ** 2) / 2),
    )
    assert equity.sharpe(daily) == pytest.approx(mean / deviation * np.sqrt(365))


def test_sortino_counts_losing_days_over_all_days() -> None:
    daily = np.array([0.01, -0.01, 0.02, -0.02])
    assert equity.sortino(daily + 0.005) == pytest.approx(
        0.005 / np.sqrt((0.005**2 + 0.015**2) / 4) * np.sqrt(365)
    )


def test_calmar_is_the_return_of_a_year_over_the_drawdown() -> None:
    assert equity.calmar(10.0, 0.5, 7.0) == pytest.approx((1.1**2 - 1) * 100 / 7)


def test_drawdown_is_measured_from_the_highest_so_far() -> None:
    assert equity.drawdown_pct(np.array([100.0, 120.0, 90.0, 130.0, 117.0])) == pytest.approx(
        [0, 0, 25, 0, 10]
    )


UNTRADED = equity.figures(
    np.ones(3), np.zeros(2), 1.0, equity.Traded(trades=0, wins=0, gains=3.0, losses=0.0)
)


@pytest.mark.parametrize(
    "ratio",
    [
        equity.sharpe(np.zeros(30)),
        equity.sharpe(np.full(30, 0.01)),  # equal days differ only by rounding
        equity.sharpe(np.array([0.01])),
        equity.sortino(np.array([0.01, 0.02])),
        equity.calmar(5.0, 0.2, 0.0),
        equity.calmar(-100.0, 0.2, 100.0),
        UNTRADED["profit_factor"],
        UNTRADED["win_rate"],
    ],
)
def test_a_ratio_over_nothing_is_undefined_and_not_infinite(ratio: float | None) -> None:
    assert ratio is None
