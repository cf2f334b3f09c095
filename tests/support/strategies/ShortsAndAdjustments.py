from datetime import datetime
from typing import Any

import talib.abstract as ta
from freqtrade.persistence import Trade
from freqtrade.strategy import IStrategy, stoploss_from_open
from pandas import DataFrame


class ShortsAndAdjustments(IStrategy):
    """Futures in both directions with leverage; adds to losing positions, and takes a part of the profit."""

    INTERFACE_VERSION = 3
    timeframe = "5m"
    can_short = True
    startup_candle_count = 30
    minimal_roi = {"0": 0.2}
    stoploss = -0.25
    use_custom_stoploss = True
    position_adjustment_enable = True
    max_entry_position_adjustment = 2

    def populate_indicators(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        dataframe["fast"] = ta.EMA(dataframe, timeperiod=6)
        dataframe["slow"] = ta.EMA(dataframe, timeperiod=18)
        return dataframe

    def populate_entry_trend(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        dataframe.loc[dataframe["fast"] > dataframe["slow"], ["enter_long", "enter_tag"]] = (1, "up")
        dataframe.loc[dataframe["fast"] < dataframe["slow"], ["enter_short", "enter_tag"]] = (1, "down")
        return dataframe

    def populate_exit_trend(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        dataframe.loc[dataframe["fast"] < 0.998 * dataframe["slow"], "exit_long"] = 1
        dataframe.loc[dataframe["fast"] > 1.002 * dataframe["slow"], "exit_short"] = 1
        return dataframe

    def leverage(
        self,
        pair: str,
        current_time: datetime,
        current_rate: float,
        proposed_leverage: float,
        max_leverage: float,
        entry_tag: str | None,
        side: str,
        **kwargs: Any,
    ) -> float:
        return min(3.0, max_leverage)

    def custom_stake_amount(
        self,
        pair: str,
        current_time: datetime,
        current_rate: float,
        proposed_stake: float,
        min_stake: float | None,
        max_stake: float,
        leverage: float,
        entry_tag: str | None,
        side: str,
        **kwargs: Any,
    ) -> float:
        return proposed_stake / 3  # the rest is for additions

    def custom_stoploss(
        self,
        pair: str,
        trade: Trade,
        current_time: datetime,
        current_rate: float,
        current_profit: float,
        after_fill: bool,
        **kwargs: Any,
    ) -> float | None:
        if current_profit > 0.02:
            return float(
                stoploss_from_open(0.005, current_profit, is_short=trade.is_short, leverage=trade.leverage)
            )
        return None

    def adjust_trade_position(
        self,
        trade: Trade,
        current_time: datetime,
        current_rate: float,
        current_profit: float,
        min_stake: float | None,
        max_stake: float,
        current_entry_rate: float,
        current_exit_rate: float,
        current_entry_profit: float,
        current_exit_profit: float,
        **kwargs: Any,
    ) -> float | None | tuple[float | None, str | None]:
        if current_profit > 0.01 and trade.nr_of_successful_exits == 0:
            return -(trade.stake_amount / 2), "half of the profit"
        if current_profit < -0.006 * trade.nr_of_successful_entries:
            return trade.stake_amount / trade.nr_of_successful_entries, "cheaper"
        return None
