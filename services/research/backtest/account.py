"""The figures of one account, computed from Freqtrade's results. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from services.research.backtest import equity
from services.research.backtest.bootstrap import Days
from services.research.backtest.engine import Ran
from services.research.backtest.equity import Equity


@dataclass(frozen=True)
class Figures:
    """What an account did; None where a figure is not defined, such as a ratio over nothing.

    Attributes:
        trades: how many were opened and closed.
        profit_pct: of the balance at the start, percent, after fees.
        sharpe, sortino, calmar: as in `equity`, per year.
        max_drawdown_pct: the deepest fall from a peak, marked to market, percent.
        profit_factor: what was won over what was lost.
        win_rate: share of trades with a profit, 0..1.
        exposure: mean share of the account that was in coins, 0..1.
        time_in_market: share of the time with at least one trade open, 0..1.
        fees: paid for purchases and sales, stake currency.
    """

    trades: int
    profit_pct: float
    sharpe: float | None
    sortino: float | None
    calmar: float | None
    max_drawdown_pct: float
    profit_factor: float | None
    win_rate: float | None
    exposure: float
    time_in_market: float
    fees: float

    def as_dict(self) -> dict[str, Any]:
        """By name, for JSON."""
        return asdict(self)


FIGURES = tuple(Figures.__dataclass_fields__)


def equity_of(ran: Ran, wallet: float, candle: timedelta, stake_currency: str) -> Equity:
    """The worth of an account from the candle before the first that can trade to the end of the last.

    Args:
        ran: Freqtrade's results.
        wallet: balance at the start.
        candle: length of a candle.
        stake_currency: what the balance is counted in.
    """
    captures = ran.balances.assign(worth=ran.balances["rate"] * ran.balances["balance"])
    worth = captures.groupby("date")["worth"].sum()
    cash = captures[captures["currency"] == stake_currency].groupby("date")["worth"].sum()
    invested = (1 - cash.reindex(worth.index, fill_value=0.0) / worth).clip(lower=0.0)
    moments = pd.DatetimeIndex(worth.index)
    times = pd.DatetimeIndex([moments[0] - candle, *moments, moments[-1] + candle])
    return Equity.of(
        times,
        np.concatenate([[wallet], worth.to_numpy(dtype=np.float64), [ran.final_balance]]),
        np.concatenate([[0.0], invested.to_numpy(dtype=np.float64), [0.0]]),
    )


def figures_of(trades: pd.DataFrame, account: Equity) -> Figures:
    """The figures of Freqtrade's `trades` and the account that they made."""
    done = equity.traded(trades["profit_abs"])
    figures: dict[str, Any] = equity.figures(account.worth, account.daily_returns(), account.years, done)
    return Figures(
        trades=len(trades),
        exposure=float(account.invested.mean()),
        time_in_market=_time_in_market(trades, account),
        fees=fees_of(trades),
        **figures,
    )


def fees_of(trades: pd.DataFrame) -> float:
    """What all purchases and sales cost, stake currency."""
    bought = trades["amount"] * trades["open_rate"] * trades["fee_open"]
    sold = trades["amount"] * trades["close_rate"] * trades["fee_close"]
    return float((bought + sold).sum())


def days_of(trades: pd.DataFrame, account: Equity) -> Days:
    """An account by days, for resampling; a trade belongs to the day at whose end it is closed."""
    steps = np.split(account.step_returns(), account.closes[:-1])
    width = max(len(day) for day in steps)
    ends, closed = _instants(account.times[account.closes]), _instants(trades["close_date"])
    day = np.minimum(np.searchsorted(ends, closed, side="left"), len(steps) - 1)
    profit = trades["profit_abs"].to_numpy(dtype=np.float64)

    def by_day(values: Any) -> equity.Floats:  # noqa: ANN401 - what numpy takes for numbers
        return np.bincount(day, values, minlength=len(steps)).astype(np.float64)

    return Days(
        steps=np.array([np.pad(row, (0, width - len(row))) for row in steps]),
        trades=by_day(np.ones(len(trades))),
        wins=by_day(profit > 0),
        gains=by_day(profit.clip(min=0.0)),
        losses=by_day((-profit).clip(min=0.0)),
        years=account.years,
    )


def _instants(times: Any) -> equity.Ints:  # noqa: ANN401 - a column or an index, of any unit, perhaps empty
    return np.asarray(pd.DatetimeIndex(times, tz="UTC").as_unit("us").astype("int64"), dtype=np.int64)


def _time_in_market(trades: pd.DataFrame, account: Equity) -> float:
    """Share of the period that the union of all trades covers."""
    covered, until = timedelta(0), account.times[0]
    for opened, closed in sorted(zip(trades["open_date"], trades["close_date"], strict=True)):
        begin = max(opened, until)
        if closed > begin:
            covered += closed - begin
            until = closed
    return float(covered / (account.times[-1] - account.times[0]))
