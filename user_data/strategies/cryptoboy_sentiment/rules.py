"""Entries, exits, their tags and stakes: pure functions over frames of candles."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd


@dataclass(frozen=True)
class Rules:
    """Thresholds of entries, exits and stakes: sentiment -1..+1, RSI 0..100, window in candles, fraction 0..1."""

    buy_sentiment_above: float = 0.7
    buy_allow_degraded: bool = False
    buy_rsi_low: int = 30
    buy_rsi_high: int = 70
    buy_macd_cross_within: int = 3
    buy_full_stake_above: float = 0.8
    buy_reduced_stake_above: float = 0.7
    buy_reduced_stake: float = 0.75
    sell_sentiment_below: float = -0.5
    sell_rsi_above: int = 70


def technical_entry_conditions(frame: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """Which technical conditions of an entry hold at each candle of a frame with `technical_indicators`.

    Returns:
        Boolean columns, all of which an entry needs: trend, rsi, macd_cross, volume, below_band. Where an
        indicator is NaN its condition does not hold.
    """
    above = frame["macd"] > frame["macd_signal"]
    crossed = above & (frame["macd"] <= frame["macd_signal"]).shift(fill_value=False)
    lately = crossed.astype(int).rolling(rules.buy_macd_cross_within, min_periods=1).max() > 0
    return pd.DataFrame(
        {
            "trend": frame["ema_short"] > frame["ema_long"],
            "rsi": (frame["rsi"] > rules.buy_rsi_low) & (frame["rsi"] < rules.buy_rsi_high),
            "macd_cross": above & lately,
            "volume": frame["volume"] > frame["volume_mean"],
            "below_band": frame["close"] < frame["bollinger_upper"],
        }
    )


def entry_conditions(frame: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """`technical_entry_conditions` and a column sentiment: whether that of `as_of` allows an entry."""
    positive = frame["sentiment"] > rules.buy_sentiment_above
    usable = positive if rules.buy_allow_degraded else positive & ~frame["sentiment_degraded"]
    return technical_entry_conditions(frame, rules).assign(sentiment=usable)


def exit_conditions(frame: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """Which exit rules fire at each candle; one is enough. Degraded sentiment counts: leaving is no new risk.

    Returns:
        Boolean columns, named as in the exit tag: sentiment, ema_down_rsi_high, macd_cross_down.
    """
    down = frame["ema_short"] < frame["ema_long"]
    below = frame["macd"] < frame["macd_signal"]
    return pd.DataFrame(
        {
            "sentiment": frame["sentiment"] < rules.sell_sentiment_below,
            "ema_down_rsi_high": down & (frame["rsi"] > rules.sell_rsi_above),
            "macd_cross_down": below & (frame["macd"] >= frame["macd_signal"]).shift(fill_value=False),
        }
    )


def entry_tag(row: Mapping[Any, Any]) -> str:
    """For example 'sentiment 0.83 very_bullish asset + macd_cross'; says so when the sentiment is degraded."""
    degraded = " degraded" if row["sentiment_degraded"] else ""
    kind = f"{row['sentiment_label']} {row['sentiment_scope']}{degraded}"
    return f"sentiment {row['sentiment']:.2f} {kind} + macd_cross"


def exit_tag(row: Mapping[Any, Any], fired: list[str]) -> str:
    """For example 'sentiment -0.62', or of two rules without sentiment 'sentiment+macd_cross_down none'."""
    status = row["sentiment_status"]
    return f"{'+'.join(fired)} {format(row['sentiment'], '.2f') if status == 'fresh' else status}"


def stake_for(sentiment: float, proposed: float, min_stake: float | None, rules: Rules) -> float:
    """The stake for a sentiment (-1..+1 or NaN) in stake currency, never more than Freqtrade proposed.

    A reduced stake below the exchange's smallest order becomes that smallest order; where even the proposed
    stake is below it, the proposed one is handed back for Freqtrade to judge.
    """
    if rules.buy_reduced_stake_above < sentiment <= rules.buy_full_stake_above:
        return max(proposed * rules.buy_reduced_stake, min(min_stake or 0.0, proposed))
    return proposed
