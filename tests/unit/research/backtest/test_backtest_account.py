"""From Freqtrade's trades and wallet to the figures of an account."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from services.research.backtest.account import Effect, days_of, effect_of, equity_of, fees_of, figures_of
from services.research.backtest.engine import Ran

START = pd.Timestamp("2025-05-01", tz="UTC")
HOUR = timedelta(hours=1)
COLUMNS = [
    "pair",
    "amount",
    "open_date",
    "close_date",
    "open_rate",
    "close_rate",
    "fee_open",
    "fee_close",
    "profit_abs",
]


def trade(opened: int, closed: int, profit: float, **other: Any) -> dict[str, Any]:
    """A trade of one coin, between so many hours after the start."""
    return {
        "pair": "BTC/USDT",
        "amount": 1.0,
        "open_date": START + opened * HOUR,
        "close_date": START + closed * HOUR,
        "open_rate": 100.0,
        "close_rate": 100.0 + profit,
        "fee_open": 0.001,
        "fee_close": 0.001,
        "profit_abs": profit,
    } | other


def trades(*rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=COLUMNS)


def ran(
    found: pd.DataFrame,
    balances: list[tuple[int, str, float, float]],
    final: float,
    positions: pd.DataFrame | None = None,
) -> Ran:
    rows = [(START + hour * HOUR, currency, rate, balance) for hour, currency, rate, balance in balances]
    columns = ["date", "currency", "rate", "balance"]
    return Ran(found, pd.DataFrame(rows, columns=columns), final, {}, positions)


def hold(hours: int, cash: float, coins: float, rates: list[float]) -> list[tuple[int, str, float, float]]:
    return [
        row
        for hour in range(1, hours)
        for row in ((hour, "USDT", 1.0, cash), (hour, "BTC", rates[hour % len(rates)], coins))
    ]


def test_an_account_is_worth_its_cash_and_its_coins_at_the_time() -> None:
    account = equity_of(ran(trades(), hold(4, 600.0, 4.0, [100.0, 110.0]), 1010.0), 1000.0, HOUR, "USDT")
    assert list(account.times) == [START + hour * HOUR for hour in range(5)]
    assert account.worth == pytest.approx([1000, 1040, 1000, 1040, 1010])
    assert account.invested == pytest.approx([0, 440 / 1040, 0.4, 440 / 1040, 0])


def test_an_account_with_contracts_is_worth_its_cash_and_what_its_positions_have_gained() -> None:
    dates = [START + hour * HOUR for hour in (1, 2, 2, 3)]
    positions = pd.DataFrame(
        {"date": dates, "gain": [0.0, 50.0, -20.0, -999.0], "size": [1500.0, 1550.0, 515, 1]}
    )
    cash = [(hour, "USDT", 1.0, 1000.0) for hour in range(1, 5)]
    account = equity_of(ran(trades(), cash, 990.0, positions), 1000.0, HOUR, "USDT")
    assert account.worth == pytest.approx([1000, 1000, 1030, 1, 1000, 990])
    assert account.invested == pytest.approx([0, 1.5, 2065 / 1030, 1, 0, 0])


def test_an_account_that_has_lost_everything_has_figures() -> None:
    positions = pd.DataFrame({"date": [START + HOUR], "gain": [-1000.0], "size": [500.0]})
    lost = ran(trades(), [(1, "USDT", 1.0, 1000.0), (2, "USDT", 1.0, 10.0)], 10.0, positions)
    account = equity_of(lost, 1000.0, HOUR, "USDT")
    assert np.isfinite(account.step_returns()).all()
    assert figures_of(trades(), account).max_drawdown_pct == pytest.approx(100)


def test_figures_count_what_trades_did() -> None:
    found = trades(trade(1, 3, 10.0), trade(2, 5, -4.0), trade(7, 8, 2.0))
    account = equity_of(ran(found, hold(10, 1000.0, 0.0, [1.0]), 1008.0), 1000.0, HOUR, "USDT")
    figures = figures_of(found, account)
    assert figures.trades == 3
    assert figures.profit_pct == pytest.approx(0.8)
    assert figures.profit_factor == pytest.approx(3.0)
    assert figures.win_rate == pytest.approx(2 / 3)
    assert figures.time_in_market == pytest.approx((4 + 1) / 10)


def test_fees_are_those_of_every_purchase_and_sale() -> None:
    assert fees_of(trades(trade(1, 2, 10.0), trade(1, 2, 0.0, amount=2.0))) == pytest.approx(0.21 + 0.4)


def test_days_hold_all_that_belongs_to_them() -> None:
    found = trades(trade(1, 24, 10.0), trade(2, 25, -4.0), trade(30, 50, 2.0), trade(50, 60, -1.0))
    balances = hold(60, 500.0, 5.0, [100.0, 101.0, 99.0])
    account = equity_of(ran(found, balances, 1007.0), 1000.0, HOUR, "USDT")
    days = days_of(found, account)
    # A trade closed at midnight belongs to the day that ends then.
    assert days.trades.tolist() == [1, 1, 2]
    assert days.wins.tolist() == [1, 0, 1]
    assert days.gains.tolist() == [10, 0, 2]
    assert days.losses.tolist() == [0, 4, 1]
    assert days.steps.shape == (3, 24)
    assert float(np.exp(days.steps.sum())) == pytest.approx(1007 / 1000)
    assert np.expm1(days.steps.sum(axis=1)) == pytest.approx(account.daily_returns())


def test_an_account_that_never_trades_has_no_ratios() -> None:
    nothing = trades()
    account = equity_of(ran(nothing, hold(50, 1000.0, 0.0, [1.0]), 1000.0), 1000.0, HOUR, "USDT")
    figures = figures_of(nothing, account)
    undefined = (figures.sharpe, figures.sortino, figures.calmar, figures.profit_factor, figures.win_rate)
    assert undefined == (None,) * 5
    assert (figures.trades, figures.profit_pct, figures.max_drawdown_pct) == (0, 0.0, 0.0)
    assert (figures.fees, figures.exposure, figures.time_in_market) == (0.0, 0.0, 0.0)
    assert days_of(nothing, account).trades.sum() == 0


def test_times_are_instants_in_utc() -> None:
    account = equity_of(ran(trades(), hold(3, 1.0, 0.0, [1.0]), 1.0), 1.0, HOUR, "USDT")
    assert account.times[0].to_pydatetime() == datetime.fromisoformat("2025-05-01T00:00:00+00:00")


def test_news_changes_trades_by_leaving_them_out_adding_some_or_ending_them_otherwise() -> None:
    rows = [trade(hour, hour + 2, 1.0, is_short=False) for hour in (1, 4, 7, 10)]
    alone = pd.DataFrame(rows)
    ended = trade(4, 5, 1.0, is_short=False)
    other_side = trade(7, 9, 1.0, is_short=True)
    with_news = pd.DataFrame([rows[0], ended, other_side, trade(20, 21, 1.0, is_short=False)])
    assert effect_of(alone, with_news) == Effect(same=1, ended_otherwise=1, left_out=2, added=2)
