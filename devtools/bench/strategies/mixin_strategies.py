"""One strategy with and without the mixin."""

from typing import Any

import talib.abstract as ta
from cryptoboy_sentiment import SentimentMixin
from freqtrade.strategy import IStrategy
from pandas import DataFrame


class WithoutNews(IStrategy):  # type: ignore[misc]  # Freqtrade publishes no types
    """Two moving averages, RSI, MACD and Bollinger bands: what a strategy of users usually computes."""

    timeframe = "1m"
    startup_candle_count = 30
    stoploss = -0.05

    def populate_indicators(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:  # noqa: ARG002 - as Freqtrade calls it
        """Compute the indicators."""
        dataframe["fast"] = ta.EMA(dataframe, timeperiod=12)
        dataframe["slow"] = ta.EMA(dataframe, timeperiod=26)
        dataframe["rsi"] = ta.RSI(dataframe, timeperiod=14)
        macd = ta.MACD(dataframe)
        dataframe["macd"], dataframe["macd_signal"] = macd["macd"], macd["macdsignal"]
        bands = ta.BBANDS(dataframe, timeperiod=20)
        dataframe["upper"], dataframe["lower"] = bands["upperband"], bands["lowerband"]
        return dataframe

    def populate_entry_trend(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:  # noqa: ARG002 - as above
        """Enter on a rising trend."""
        rises = (dataframe["fast"] > dataframe["slow"]) & (dataframe["macd"] > dataframe["macd_signal"])
        dataframe.loc[rises & (dataframe["close"] < dataframe["upper"]), "enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:  # noqa: ARG002 - as above
        """Leave on a falling trend."""
        dataframe.loc[dataframe["fast"] < dataframe["slow"], "exit_long"] = 1
        return dataframe


class WithNews(SentimentMixin, WithoutNews):
    """The same with the mixin."""
