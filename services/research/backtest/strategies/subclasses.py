"""Subclasses of Freqtrade's classes: the benchmark, and a backtest of contracts that tells what positions are worth."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

import pandas as pd
from freqtrade.optimize.backtesting import Backtesting
from freqtrade.persistence import LocalTrade
from freqtrade.strategy import IStrategy

_NEVER = 1e9


class BuyAndHold(IStrategy):  # type: ignore[misc]  # Freqtrade publishes no types
    """Buys every pair at the first candle that can trade, and sells it when the backtest ends."""

    INTERFACE_VERSION = 3
    can_short = False
    minimal_roi: ClassVar = {0: _NEVER}
    stoploss = -0.99
    trailing_stop = False
    # Freqtrade sets these for strategies that it finds by itself.
    use_exit_signal = False
    exit_profit_only = False
    exit_profit_offset = 0.0
    ignore_roi_if_entry_signal = False
    ignore_buying_expired_candle_after = 0
    disable_dataframe_checks = False
    position_adjustment_enable = False
    max_entry_position_adjustment = -1

    def populate_indicators(self, dataframe: pd.DataFrame, metadata: dict[str, Any]) -> pd.DataFrame:  # noqa: ARG002 - Freqtrade's signature
        """Return the candles as they are."""
        return dataframe

    def populate_entry_trend(self, dataframe: pd.DataFrame, metadata: dict[str, Any]) -> pd.DataFrame:  # noqa: ARG002 - as above
        """Mark every candle, so that a pair whose candles begin later is bought at its first one."""
        dataframe["enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe: pd.DataFrame, metadata: dict[str, Any]) -> pd.DataFrame:  # noqa: ARG002 - as above
        """Mark no candle."""
        return dataframe


class FuturesBacktesting(Backtesting):  # type: ignore[misc]  # as above
    """A backtest of perpetual contracts that also records what open positions have gained at the open of each candle.

    Freqtrade's captures of the wallet have the balance of the stake currency only, which changes when trades end.
    """

    def reset_backtest(self, enable_protections: bool = False) -> None:
        """Begin a run without positions."""
        super().reset_backtest(enable_protections)
        self._captured: list[tuple[datetime, float, float]] = []

    def _capture_wallet(self, current_time: datetime, currency: str, price: float) -> None:
        super()._capture_wallet(current_time, currency, price)
        for trade in LocalTrade.bt_trades_open:
            if trade.safe_base_currency == currency and trade.amount:
                self._captured.append((current_time, _gain(trade, price), trade.amount * price))

    def positions(self) -> pd.DataFrame:
        """Return `engine.Ran.positions` of the last run."""
        return pd.DataFrame(self._captured, columns=["date", "gain", "size"])


def _gain(trade: LocalTrade, price: float) -> float:
    """Return the unrealised gain, with funding and before fees; an isolated position loses no more than its stake."""
    gained = (price - trade.open_rate) * trade.amount * (-1 if trade.is_short else 1)
    return max(float(gained + _funding(trade)), -float(trade.stake_amount))


def _funding(trade: LocalTrade) -> float:
    """Return the funding since the last exit, as each exit realises what was received or paid before it."""
    since = float(trade.funding_fee_running or 0.0)
    for order in reversed(trade.orders):
        if order.ft_is_open or not order.filled:
            continue
        if order.ft_order_side == trade.exit_side:
            break
        since += order.funding_fee or 0.0
    return since
