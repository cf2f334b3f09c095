"""Computes the figures of one account from Freqtrade's results, without input or output."""

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
    """The figures of one account; a figure is None if it is not defined, such as a ratio with a denominator of zero.

    Attributes:
        trades: number of trades that were opened and closed.
        profit_pct: profit after fees, in percent of the starting balance.
        sharpe, sortino, calmar: annual ratios, as defined in `equity`.
        max_drawdown_pct: the deepest fall of the marked-to-market worth below an earlier peak, percent.
        profit_factor: the sum of the gains divided by the sum of the losses.
        win_rate: share of the trades that ended with a profit, 0..1.
        exposure: mean share of the account's worth that was held in coins, 0..1; of contracts, the mean size of the
            positions divided by the worth, which leverage can raise above 1.
        time_in_market: share of the time with at least one trade open, 0..1.
        fees: fees paid for purchases and sales, in stake currency.
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
        """Return the figures as a dictionary by name, for JSON."""
        return asdict(self)


_RUIN = 1e-9
"""The share of the first balance that is left of an account that has lost everything, as returns are logarithms."""

FIGURES = tuple(Figures.__dataclass_fields__)


@dataclass(frozen=True)
class Effect:
    """What news changed in the trades of the rules alone; a trade is known by its pair, side and opening time.

    Attributes:
        same: trades that were opened and closed alike.
        ended_otherwise: trades that were opened alike, but closed at another time or price.
        left_out: trades of the rules alone that were not opened with news.
        added: trades that were opened only with news.
    """

    same: int
    ended_otherwise: int
    left_out: int
    added: int


def effect_of(alone: pd.DataFrame, with_news: pd.DataFrame) -> Effect:
    """Compare the trades of the rules alone with those with news, both as Freqtrade returns them."""
    before, after = _endings(alone), _endings(with_news)
    both = before.keys() & after.keys()
    same = sum(before[trade] == after[trade] for trade in both)
    return Effect(
        same=same,
        ended_otherwise=len(both) - same,
        left_out=len(before) - len(both),
        added=len(after) - len(both),
    )


def _endings(trades: pd.DataFrame) -> dict[tuple[object, ...], tuple[object, ...]]:
    rows = trades[["pair", "is_short", "open_date", "close_date", "close_rate"]].itertuples(index=False)
    return {tuple(row[:3]): tuple(row[3:]) for row in rows}


def equity_of(ran: Ran, wallet: float, candle: timedelta, stake_currency: str) -> Equity:
    """Return an account's worth from the candle before the first that can trade to the end of the last candle.

    Args:
        ran: Freqtrade's results.
        wallet: balance at the start, in stake currency.
        candle: length of a candle.
        stake_currency: the currency in which the balance is counted.
    """
    captures = ran.balances.assign(worth=ran.balances["rate"] * ran.balances["balance"])
    worth = captures.groupby("date")["worth"].sum()
    if ran.positions is None:
        cash = captures[captures["currency"] == stake_currency].groupby("date")["worth"].sum()
        invested = (1 - cash.reindex(worth.index, fill_value=0.0) / worth).clip(lower=0.0)
    else:
        held = ran.positions.groupby("date")[["gain", "size"]].sum().reindex(worth.index, fill_value=0.0)
        worth = (worth + held["gain"]).clip(lower=_RUIN * wallet)
        invested = held["size"] / worth
    moments = pd.DatetimeIndex(worth.index)
    times = pd.DatetimeIndex([moments[0] - candle, *moments, moments[-1] + candle])
    return Equity.of(
        times,
        np.concatenate([[wallet], worth.to_numpy(dtype=np.float64), [ran.final_balance]]),
        np.concatenate([[0.0], invested.to_numpy(dtype=np.float64), [0.0]]),
    )


def figures_of(trades: pd.DataFrame, account: Equity) -> Figures:
    """Compute the figures of Freqtrade's `trades` and of the account that results from these trades."""
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
    """Return the sum of the fees of all purchases and sales, in stake currency."""
    bought = trades["amount"] * trades["open_rate"] * trades["fee_open"]
    sold = trades["amount"] * trades["close_rate"] * trades["fee_close"]
    return float((bought + sold).sum())


def days_of(trades: pd.DataFrame, account: Equity) -> Days:
    """Split an account into days for resampling; a trade belongs to the day in which it is closed.

    A trade that is closed at midnight belongs to the day that ends then.
    """
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
    """Return the share of the period during which at least one trade was open, 0..1."""
    covered, until = timedelta(0), account.times[0]
    for opened, closed in sorted(zip(trades["open_date"], trades["close_date"], strict=True)):
        begin = max(opened, until)
        if closed > begin:
            covered += closed - begin
            until = closed
    return float(covered / (account.times[-1] - account.times[0]))
