"""What a walk-forward says: one account over all tests, and how much of the fit was left."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from services.research.backtest.equity import Equity
from services.research.backtest.inputs import Inputs
from services.research.backtest.plan import Plan
from services.research.walk_forward.fitting import Search
from services.research.walk_forward.report import chained, overfitting, together, verdict, walk_forward_json
from services.research.walk_forward.run import Tested, Walked, WalkForward, growth
from services.research.walk_forward.windows import windows_of

START = datetime(2025, 5, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def outcome(*worth: float, profits: tuple[float, ...] = ()) -> Tested:
    """An account with one value a day, and trades with these profits."""
    times = pd.date_range(START, periods=len(worth), freq="1D", unit="us")
    account = Equity.of(times, np.array(worth), np.zeros(len(worth)))
    trades = pd.DataFrame(
        {
            "profit_abs": np.array(profits, dtype=np.float64),
            "amount": 1.0,
            "open_rate": 100.0,
            "close_rate": 100.0,
            "fee_open": 0.001,
            "fee_close": 0.001,
            "open_date": START,
            "close_date": START + DAY,
        }
    )
    return Tested(trades, account)


def walk(*walked: tuple[Tested, Tested, float]) -> WalkForward:
    windows = windows_of(START, START + 2 * DAY * (1 + len(walked)), 2 * DAY, 2 * DAY)
    plan = Plan(Path("candles"), Path("sentiment.csv"), "1h", START, START + 2 * DAY * (1 + len(walked)))
    found = (
        Walked(window, {"buy": {"buy_rsi_low": 30}}, *one)
        for window, one in zip(windows, walked, strict=True)
    )
    inputs = Inputs({}, pd.DataFrame(), "USDT", ())
    return WalkForward(plan, Search(), inputs, timedelta(hours=1), tuple(found))


def test_tests_in_a_row_are_one_account_that_goes_on_with_what_is_left() -> None:
    assert chained([np.array([1000.0, 1100.0]), np.array([1000.0, 500.0, 900.0])]) == pytest.approx(
        [1.0, 1.1, 0.55, 0.99]
    )


def test_a_fall_that_reaches_from_one_test_into_the_next_counts_whole() -> None:
    found = together([outcome(1000, 900, profits=(-100,)), outcome(1000, 800, 1200, profits=(-200, 400))])
    assert found["max_drawdown_pct"] == pytest.approx((1 - 0.9 * 0.8) * 100)
    assert found["profit_pct"] == pytest.approx((0.9 * 1.2 - 1) * 100)
    assert found["trades"] == 3
    assert found["win_rate"] == pytest.approx(1 / 3)
    assert found["profit_factor"] == pytest.approx(400 / 300, abs=1e-6)


def test_tests_without_trades_have_no_ratios() -> None:
    found = together([outcome(1000, 1000, 1000), outcome(1000, 1000, 1000)])
    assert (found["trades"], found["profit_pct"], found["max_drawdown_pct"]) == (0, 0.0, 0.0)
    assert {found[name] for name in ("sharpe", "sortino", "calmar", "profit_factor", "win_rate")} == {None}


def test_growth_is_per_day() -> None:
    assert growth(outcome(1000, 1050, 1210).equity, 2 * DAY) == pytest.approx(0.1)


def test_overfitting_is_what_was_left_of_the_growth_in_sample() -> None:
    half = walk((outcome(1000, 1000, 1010.025), outcome(1000, 1000), 0.01))
    assert overfitting(half.walked) == pytest.approx(0.5, abs=1e-3)
    assert overfitting(walk((outcome(1000, 990), outcome(1000, 1000), 0.0)).walked) is None


def test_no_figure_in_sample_is_told_but_the_ratio() -> None:
    secret = 0.0123456
    found = walk_forward_json(walk((outcome(1000, 1010), outcome(1000, 1000), secret)))
    text = json.dumps(found, allow_nan=False)
    assert "0123" not in text
    assert found["overfitting"]["ratio"] == pytest.approx(
        growth(outcome(1000, 1010).equity, 2 * DAY) / secret, abs=1e-5
    )
    assert found["tested"] == {"from": "2025-05-03T00:00:00+00:00", "to": "2025-05-05T00:00:00+00:00"}
    assert found["windows"][0]["fitted"] is True


def test_the_verdict_says_no_more_than_the_tests_do() -> None:
    def said(gained: float, before: float, trades: int = 40, ratio: float | None = 0.5) -> str:
        fitted = {"profit_pct": gained, "trades": trades, "max_drawdown_pct": 1.0}
        return verdict(fitted, fitted | {"profit_pct": before}, ratio, 3)

    assert "Fitting helped here; one period is no promise" in said(2.0, 1.0)
    assert "Fitting did not help" in said(1.0, 2.0)
    assert "Fitting did not help" in said(-1.0, -2.0)
    assert "too few to say more" in said(2.0, 1.0, trades=29)
    assert "50% was left" in said(2.0, 1.0)
    assert "Nothing of their growth" in said(2.0, 1.0, ratio=-0.3)
    assert "made nothing" in said(2.0, 1.0, ratio=None)
