"""Computes technical indicators of candles."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]


PLOT_CONFIG: dict[str, Any] = {
    "main_plot": {"ema_short": {}, "ema_long": {}, "bollinger_upper": {}, "bollinger_lower": {}},
    "subplots": {
        "Sentiment": {"sentiment": {"type": "scatter"}, "sentiment_aggregate": {}},
        "RSI": {"rsi": {}},
        "MACD": {"macd": {}, "macd_signal": {}},
        "Volume": {"volume_mean": {}},
    },
}
"""The columns that `freqtrade plot-dataframe` shows."""


@dataclass(frozen=True)
class Periods:
    """The parameters of the indicators: lengths in candles, and standard deviations for the Bollinger bands."""

    ema_short: int = 12
    ema_long: int = 26
    rsi_period: int = 14
    macd_fast: int = 12
    macd_slow: int = 26
    macd_signal: int = 9
    bollinger_period: int = 20
    bollinger_deviations: float = 2.0
    volume_period: int = 20


def technical_indicators(candles: pd.DataFrame, periods: Periods) -> pd.DataFrame:
    """The indicators of `candles`, a frame with the columns close and volume, oldest candle first.

    Returns:
        A frame with the index of `candles`: ema_short, ema_long, rsi (Wilder's), macd, macd_signal,
        bollinger_upper, bollinger_middle, bollinger_lower (population deviation), volume_mean. A value is NaN while
        there are too few candles before it.
    """
    import talib  # the command line, which shows sentiment, is installed without it

    prices = candles["close"].to_numpy(dtype="float64")
    macd, macd_signal, _ = talib.MACD(prices, periods.macd_fast, periods.macd_slow, periods.macd_signal)
    window = _windows(prices, periods.bollinger_period)
    middle, width = window.mean(axis=1), window.std(axis=1) * periods.bollinger_deviations
    volume = _windows(candles["volume"].to_numpy(dtype="float64"), periods.volume_period)
    return pd.DataFrame(
        {
            "ema_short": talib.EMA(prices, periods.ema_short),
            "ema_long": talib.EMA(prices, periods.ema_long),
            "rsi": talib.RSI(prices, periods.rsi_period),
            "macd": macd,
            "macd_signal": macd_signal,
            "bollinger_upper": middle + width,
            "bollinger_middle": middle,
            "bollinger_lower": middle - width,
            "volume_mean": volume.mean(axis=1),
        },
        index=candles.index,
    )


def _windows(values: Floats, length: int) -> Floats:
    """For each value, the window of `length` values that ends with this value; padded with NaN at the start.

    Each window is summed separately, so rounding errors are not carried forward.
    """
    padded = np.append(np.full(length - 1, np.nan), values)
    return np.lib.stride_tricks.sliding_window_view(padded, length)
