"""Counts how often each rule of the strategy held, and how many signals lie beyond each threshold. Pure functions.

A rule that never held is reported because it had no effect, so the backtest says nothing about its threshold.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from cryptoboy_sentiment import Rules, entry_conditions, entry_sentiment, exit_conditions, exit_sentiment

from services.research.backtest.strategies.counts import Level, Row, count, reasons, signals_beyond


def rules_fired(frames: Mapping[str, pd.DataFrame], rules: Rules, trades: pd.DataFrame) -> Row:
    """Count the candles on which each condition and each whole rule held in the period, summed over all pairs.

    Args:
        frames: the traded candles with indicators and sentiment, by pair.
        rules: the thresholds of the strategy.
        trades: the trades of the whole strategy on these candles, as Freqtrade returns them.
    """
    entry = _stacked(frames, lambda frame: entry_conditions(frame, rules))
    leave = _stacked(frames, lambda frame: exit_conditions(frame, rules))
    parts = _stacked(frames, lambda frame: _parts_of_exits(frame, rules))
    whole = entry.all(axis=1)
    candles = len(entry)
    fired = {
        "entry": {
            "conditions": {
                rule: count(entry[rule], candles)
                | {"only_one_missing": int((entry.drop(columns=rule).all(axis=1) & ~entry[rule]).sum())}
                for rule in entry
            },
            "all": count(whole, candles),
            "without_sentiment": count(entry.drop(columns="sentiment").all(axis=1), candles),
            "trades": len(trades),
        },
        "exit": {
            "rules": {rule: count(leave[rule], candles) for rule in leave},
            "conditions": {part: count(parts[part], candles) for part in parts},
            "any": count(leave.any(axis=1), candles),
        },
        "exit_reasons": reasons(trades),
    }
    return {"candles": candles, **fired, "never": _never(fired)}


def thresholds(signals: pd.DataFrame, frames: Mapping[str, pd.DataFrame], rules: Rules) -> Row:
    """Count, for each threshold, the signals beyond it and the candles whose sentiment lies beyond it.

    Args:
        signals: the signals of the traded pairs that became available in the period.
        frames: the candles, as in `rules_fired`.
        rules: the thresholds of the strategy.
    """
    entry = pd.concat([entry_sentiment(frame, rules) for frame in frames.values()])
    leave = pd.concat([exit_sentiment(frame, rules) for frame in frames.values()])
    return signals_beyond(signals, frames, _levels(rules, entry, leave))


def _levels(rules: Rules, entry: pd.Series[float], leave: pd.Series[float]) -> list[Level]:
    kind = "aggregate" if rules.buy_sentiment_from == "aggregate" else "sentiment"
    stake = "buy_aggregate_" if kind == "aggregate" else "buy_"
    above = [f"buy_{kind}_above", f"{stake}full_stake_above"]
    below = "sell_aggregate_below" if rules.sell_sentiment_from == "aggregate" else "sell_sentiment_below"
    return [
        *(Level(name, float(getattr(rules, name)), "above", entry) for name in above),
        Level(below, float(getattr(rules, below)), "below", leave),
    ]


def _stacked(frames: Mapping[str, pd.DataFrame], conditions: Any) -> pd.DataFrame:  # noqa: ANN401 - a function of a frame
    held: pd.DataFrame = pd.concat([conditions(frame) for frame in frames.values()], ignore_index=True)
    return held


def _parts_of_exits(frame: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """Return the conditions of the exit rules that consist of more than one condition."""
    return pd.DataFrame(
        {
            "ema_down": frame["ema_short"] < frame["ema_long"],
            "rsi_high": frame["rsi"] > rules.sell_rsi_above,
            "macd_below_signal": frame["macd"] < frame["macd_signal"],
        }
    )


def _never(fired: Row) -> list[str]:
    entry, leave = fired["entry"], fired["exit"]
    named = {f"entry {rule}": found for rule, found in entry["conditions"].items()}
    named |= {"entry, all conditions together": entry["all"]}
    named |= {f"exit {rule}": found for rule, found in leave["rules"].items()}
    return [name for name, found in named.items() if not found["candles"]]
