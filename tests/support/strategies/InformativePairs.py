from typing import Any

import talib.abstract as ta
from freqtrade.strategy import IStrategy, informative, merge_informative_pair
from pandas import DataFrame


class InformativePairs(IStrategy):
    """Trades a pair while it and Bitcoin rise, in longer candles too."""

    INTERFACE_VERSION = 3
    timeframe = "5m"
    startup_candle_count = 60
    process_only_new_candles = True
    minimal_roi = {"0": 0.03}
    stoploss = -0.04
    trailing_stop = True
    trailing_stop_positive = 0.005
    trailing_stop_positive_offset = 0.01
    trailing_only_offset_is_reached = True

    def informative_pairs(self) -> list[tuple[str, str]]:
        return [("BTC/USDT", "15m")]

    @informative("15m")
    def populate_indicators_15m(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        dataframe["rsi"] = ta.RSI(dataframe, timeperiod=14)
        return dataframe

    @informative("15m", "BTC/{stake}")
    def populate_indicators_bitcoin(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        dataframe["rsi"] = ta.RSI(dataframe, timeperiod=14)
        return dataframe

    def populate_indicators(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        dataframe["rsi"] = ta.RSI(dataframe, timeperiod=14)
        bitcoin = self.dp.get_pair_dataframe(pair="BTC/USDT", timeframe="15m")
        bitcoin["mean"] = bitcoin["close"].rolling(8).mean()
        return merge_informative_pair(
            dataframe,
            bitcoin[["date", "close", "mean"]],
            self.timeframe,
            "15m",
            ffill=True,
            append_timeframe=False,
            suffix="btc",
        )

    def populate_entry_trend(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        dataframe.loc[
            (dataframe["rsi_15m"] > 45) & (dataframe["btc_usdt_rsi_15m"] > 40) & (dataframe["rsi"] > 45),
            ["enter_long", "enter_tag"],
        ] = (1, "both rise")
        return dataframe

    def populate_exit_trend(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        falls = dataframe["close_btc"] < 0.995 * dataframe["mean_btc"]
        dataframe.loc[falls | (dataframe["rsi_15m"] < 35), ["exit_long", "exit_tag"]] = (1, "falls")
        return dataframe
