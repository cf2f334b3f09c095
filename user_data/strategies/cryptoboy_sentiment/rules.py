"""Defines entries, exits, their tags and stakes as pure functions over frames of candles.

Sentiment is either that of the newest signal (columns of `as_of`) or the aggregate (columns of `aggregate_as_of`),
each with its own thresholds. `Rules` defines which of the two is used for entries and stakes, and which for exits.
`trust` defines which signals may decide on entries and exits.
"""

import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from cryptoboy_sentiment.trust import CONFIDENCE_ABOVE
from cryptoboy_sentiment.urgent import UrgentRules

Booleans = npt.NDArray[np.bool_]
Objects = npt.NDArray[np.object_]

SENTIMENT_FROM = ("newest", "aggregate")
ENTRY_RULES = ("trend", "rsi", "macd_cross", "volume", "below_band", "sentiment")
EXIT_RULES = ("sentiment", "ema_down_rsi_high", "macd_cross_down")


@dataclass(frozen=True)
class Rules:
    """Thresholds of entries, exits and stakes: sentiment -1..+1, RSI 0..100, window in candles, fractions 0..1.

    `buy_sentiment_from` and `sell_sentiment_from` are values of `SENTIMENT_FROM`. They select the thresholds that
    apply: those with sentiment or stake in their names, or those with aggregate in their names.
    """

    buy_sentiment_from: str = "newest"
    buy_sentiment_above: float = 0.7
    buy_aggregate_above: float = 0.4
    buy_confidence_above: float = CONFIDENCE_ABOVE
    buy_allow_degraded: bool = False
    buy_rsi_low: int = 30
    buy_rsi_high: int = 70
    buy_macd_cross_within: int = 3
    buy_full_stake_above: float = 0.8
    buy_aggregate_full_stake_above: float = 0.6
    buy_reduced_stake: float = 0.75
    sell_sentiment_from: str = "newest"
    sell_sentiment_below: float = -0.5
    sell_aggregate_below: float = -0.3
    sell_rsi_above: int = 70
    sell_on_urgent_news: bool = False
    sell_confidence_above: float = 0.8

    def urgent(self, kinds: Collection[str], staleness: timedelta) -> UrgentRules:
        """Which news closes a trade at once: it is as bad as for an exit by the newest signal, and proven."""
        below, confidence = self.sell_sentiment_below, self.sell_confidence_above
        return UrgentRules(below, confidence, frozenset(kinds), staleness)


def technical_entry_conditions(frame: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """For each candle of a frame with `technical_indicators`, which technical conditions of an entry are true.

    Returns:
        Boolean columns: trend, rsi, macd_cross, volume, below_band. An entry needs all of them. If an indicator is
        NaN, its condition does not hold.
    """
    macd, signal, rsi = (frame[name].to_numpy() for name in ("macd", "macd_signal", "rsi"))
    above = macd > signal
    crossed = above & _before(macd <= signal)
    lately = crossed.copy()
    for _ in range(rules.buy_macd_cross_within - 1):
        crossed = _before(crossed)
        lately |= crossed
    return pd.DataFrame(
        {
            "trend": frame["ema_short"].to_numpy() > frame["ema_long"].to_numpy(),
            "rsi": (rsi > rules.buy_rsi_low) & (rsi < rules.buy_rsi_high),
            "macd_cross": above & lately,
            "volume": frame["volume"].to_numpy() > frame["volume_mean"].to_numpy(),
            "below_band": frame["close"].to_numpy() < frame["bollinger_upper"].to_numpy(),
        },
        index=frame.index,
    )


def _before(held: Booleans) -> Booleans:
    """Whether the condition held one candle earlier; False for the first candle."""
    return np.append(False, held[:-1])[: len(held)]


def entry_sentiment(frame: pd.DataFrame, rules: Rules) -> "pd.Series[Any]":
    """The sentiment used for entries and stakes (-1..+1); NaN if there is no sentiment or it may not be used."""
    if rules.buy_sentiment_from == "aggregate":
        kind = "confident" if rules.buy_allow_degraded else "reliable"
        return frame[f"sentiment_aggregate_{kind}"]
    may_enter = frame["sentiment_confidence"] > rules.buy_confidence_above
    if not rules.buy_allow_degraded:
        may_enter &= ~frame["sentiment_degraded"]
    return frame["sentiment_for_entry"].where(may_enter)


def exit_sentiment(frame: pd.DataFrame, rules: Rules) -> "pd.Series[Any]":
    """The sentiment used for exits (-1..+1); NaN if there is no sentiment or it may not be used."""
    return frame["sentiment_aggregate" if rules.sell_sentiment_from == "aggregate" else "sentiment_for_exit"]


def entry_conditions(frame: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """The columns of `technical_entry_conditions`, and a column sentiment; the names are those of `ENTRY_RULES`.

    The column sentiment says whether the sentiment allows an entry.
    """
    threshold = rules.buy_sentiment_above
    if rules.buy_sentiment_from == "aggregate":
        threshold = rules.buy_aggregate_above
    conditions = technical_entry_conditions(frame, rules)
    conditions["sentiment"] = entry_sentiment(frame, rules).to_numpy() > threshold
    return conditions


def rules_text(held: Booleans, used: Sequence[str]) -> Objects:
    """For each candle the entry rules with a sign: + where the rule is true, - where it is not: '+trend -rsi'.

    Args:
        held: one row for each candle, one column for each of the rules `used`.
        used: the names of the rules.
    """
    # In the order of the numbers whose bits are the rules.
    combinations = itertools.product("-+", repeat=len(used))
    texts = [" ".join(map("".join, zip(signs, used, strict=True))) for signs in combinations]
    return np.array(texts, dtype=object)[held @ (1 << np.arange(len(used))[::-1])]


def exit_conditions(frame: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """For each candle, the exit rules that fire; one of them is enough for an exit.

    Degraded sentiment counts, because an exit adds no risk. A signal that is suspected or comes from a source of
    weight 0 does not count: see `trust`.

    Returns:
        Boolean columns with the names in `EXIT_RULES`, which the exit tag uses too.
    """
    macd, signal = frame["macd"].to_numpy(), frame["macd_signal"].to_numpy()
    down = frame["ema_short"].to_numpy() < frame["ema_long"].to_numpy()
    threshold = rules.sell_sentiment_below
    if rules.sell_sentiment_from == "aggregate":
        threshold = rules.sell_aggregate_below
    negative = exit_sentiment(frame, rules).to_numpy() < threshold
    return pd.DataFrame(
        {
            "sentiment": negative,
            "ema_down_rsi_high": down & (frame["rsi"].to_numpy() > rules.sell_rsi_above),
            "macd_cross_down": (macd < signal) & _before(macd >= signal),
        },
        index=frame.index,
    )


def entry_tag(row: Mapping[Any, Any], rules: Rules, used: Collection[str] = ENTRY_RULES) -> str:
    """The tag of an entry: its sentiment and the MACD cross, each only if its rule is among the rules `used`.

    For example, the tag is 'sentiment 0.83 very_bullish asset + macd_cross' for the newest signal (with 'degraded'
    added if the signal is degraded), or 'sentiment aggregate 0.46 + macd_cross' for the aggregate.
    """
    if rules.buy_sentiment_from == "aggregate":
        kind = "confident" if rules.buy_allow_degraded else "reliable"
        sentiment = f"sentiment aggregate {row[f'sentiment_aggregate_{kind}']:.2f}"
    else:
        degraded = " degraded" if row["sentiment_degraded"] else ""
        kind = f"{row['sentiment_label']} {row['sentiment_scope']}{degraded}"
        sentiment = f"sentiment {row['sentiment_for_entry']:.2f} {kind}"
    parts = {"sentiment": sentiment, "macd_cross": "macd_cross"}
    return " + ".join(part for rule, part in parts.items() if rule in used)


def entry_tags(
    frame: pd.DataFrame, enter: Booleans, rules: Rules, used: Collection[str] = ENTRY_RULES
) -> Objects:
    """The `entry_tag` of each row with an entry; empty for the other rows."""
    tags = np.full(len(frame), "", dtype=object)
    tags[enter] = [entry_tag(row, rules, used) for row in _sentiment_rows(frame, enter)]
    return tags


def exit_tag(
    row: Mapping[Any, Any], fired: Collection[str], rules: Rules, used: Collection[str] = EXIT_RULES
) -> str:
    """The tag of an exit: the rules that fired and, if sentiment is among the rules `used`, its value or status.

    Examples: 'sentiment -0.62'; 'sentiment -0.90 other' if an earlier signal or a signal about the market counts;
    'ema_down_rsi_high+macd_cross_down none' for two rules without sentiment; 'sentiment aggregate -0.31' for the
    aggregate.
    """
    names = "+".join(fired)
    if "sentiment" not in used:
        return names
    if rules.sell_sentiment_from == "aggregate":
        status, score = row["sentiment_aggregate_status"], row["sentiment_aggregate"]
        return f"{names} aggregate {format(score, '.2f') if status == 'fresh' else status}"
    status, score = row["sentiment_status"], row["sentiment_for_exit"]
    if status != "fresh":
        return f"{names} {status}"
    return f"{names} {score:.2f}{' other' if score < row['sentiment'] else ''}"


def exit_tags(frame: pd.DataFrame, conditions: pd.DataFrame, rules: Rules) -> Objects:
    """The `exit_tag` of each row at which one of the `exit_conditions` holds; empty for the other rows."""
    used, holds = [str(name) for name in conditions], conditions.to_numpy()
    leave = np.logical_or.reduce(holds, axis=1)
    fired = [[name for name, one in zip(used, row, strict=True) if one] for row in holds[leave]]
    rows = _sentiment_rows(frame, leave)
    tags = np.full(len(frame), "", dtype=object)
    tags[leave] = [exit_tag(row, names, rules, used) for row, names in zip(rows, fired, strict=True)]
    return tags


def _sentiment_rows(frame: pd.DataFrame, wanted: Booleans) -> list[dict[str, Any]]:
    names = [str(name) for name in frame if str(name).startswith("sentiment")]
    columns = [frame[name].to_numpy()[wanted].tolist() for name in names]
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def stake_for(sentiment: float, proposed: float, min_stake: float | None, rules: Rules) -> float:
    """The stake for a sentiment (-1..+1 or NaN) in stake currency.

    The stake is `proposed` if the sentiment is above the threshold, otherwise a fraction of `proposed`.

    The stake never falls as the sentiment rises; without sentiment it is the reduced stake. A reduced stake below
    `min_stake`, the exchange's smallest order, is raised to `min_stake`. If even `proposed` is below `min_stake`,
    `proposed` is returned, and Freqtrade decides.
    """
    mark = rules.buy_full_stake_above
    if rules.buy_sentiment_from == "aggregate":
        mark = rules.buy_aggregate_full_stake_above
    if sentiment > mark:
        return proposed
    return max(proposed * rules.buy_reduced_stake, min(min_stake or 0.0, proposed))
