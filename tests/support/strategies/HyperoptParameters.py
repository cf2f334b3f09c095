from typing import Any

import talib.abstract as ta
from freqtrade.strategy import (
    BooleanParameter,
    CategoricalParameter,
    DecimalParameter,
    IntParameter,
    IStrategy,
)
from pandas import DataFrame


class HyperoptParameters(IStrategy):
    """All that can be fitted is a parameter, with the values of an earlier fit."""

    INTERFACE_VERSION = 3
    timeframe = "5m"
    startup_candle_count = 40
    minimal_roi = {"0": 0.008, "30": 0.005, "90": 0.002}
    stoploss = -0.03

    buy_params = {"buy_rsi": 35, "buy_trend": True, "buy_length": 20}
    sell_params = {"sell_rsi": 65, "sell_by": "mean"}

    buy_rsi = IntParameter(20, 50, default=30, space="buy")
    buy_length = IntParameter(10, 30, default=20, space="buy", optimize=True)
    buy_trend = BooleanParameter(default=False, space="buy")
    buy_margin = DecimalParameter(0.98, 1.02, default=1.0, decimals=3, space="buy", load=True)
    sell_rsi = IntParameter(55, 85, default=70, space="sell")
    sell_by = CategoricalParameter(["rsi", "mean"], default="rsi", space="sell")

    @property
    def protections(self) -> list[dict[str, Any]]:
        return [{"method": "CooldownPeriod", "stop_duration_candles": 2}]

    def populate_indicators(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        dataframe["rsi"] = ta.RSI(dataframe, timeperiod=14)
        for length in self.buy_length.range:
            dataframe[f"mean_{length}"] = dataframe["close"].rolling(length).mean()
        return dataframe

    def populate_entry_trend(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        wanted = dataframe["rsi"] > self.buy_rsi.value
        if self.buy_trend.value:
            mean = dataframe[f"mean_{self.buy_length.value}"]
            wanted &= dataframe["close"] > self.buy_margin.value * mean
        dataframe.loc[wanted, "enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        if self.sell_by.value == "rsi":
            dataframe.loc[dataframe["rsi"] > self.sell_rsi.value, "exit_long"] = 1
        else:
            dataframe.loc[dataframe["close"] < dataframe[f"mean_{self.buy_length.value}"], "exit_long"] = 1
        return dataframe
