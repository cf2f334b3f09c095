"""Technical indicators of candles."""

from dataclasses import dataclass

import pandas as pd
import talib


@dataclass(frozen=True)
class Periods:
    """What the indicators are computed from: candles, and standard deviations for the Bollinger bands."""

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
    """The indicators of candles (oldest first, with columns close and volume), NaN while they warm up.

    Returns:
        A frame with the index of `candles`: ema_short, ema_long, rsi (Wilder's), macd, macd_signal,
        bollinger_upper, bollinger_middle, bollinger_lower (population deviation), volume_mean.
    """
    close = candles["close"]
    prices = close.to_numpy(dtype="float64")
    macd, macd_signal, _ = talib.MACD(prices, periods.macd_fast, periods.macd_slow, periods.macd_signal)
    window = close.rolling(periods.bollinger_period)
    middle, width = window.mean(), window.std(ddof=0) * periods.bollinger_deviations
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
            "volume_mean": candles["volume"].rolling(periods.volume_period).mean(),
        },
        index=candles.index,
    )
