"""The options of one backtest, and the parts of the strategy that it compares."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from cryptoboy_sentiment import ENTRY_RULES, EXIT_RULES

SENTIMENT_RULE = "sentiment"
DEFAULT_CONTROLS = 199


class Variant(StrEnum):
    """The variants that are compared. `SHUFFLED` means many runs of `COMBINED` on the same news moved in time."""

    TECHNICAL = "technical"
    SENTIMENT = "sentiment"
    COMBINED = "combined"
    BUY_AND_HOLD = "buy_and_hold"
    SHUFFLED = "shuffled"


class Parts(NamedTuple):
    """The parts of the strategy that a variant uses.

    Attributes:
        entry_rules: the entry rules, all of which must hold; if there are no rules, every candle is an entry.
        exit_rules: the exit rules, one of which is enough; if there are no rules, there is no exit signal.
        guards: whether the strategy's return on investment, stop loss and trailing stop can end trades.
    """

    entry_rules: tuple[str, ...]
    exit_rules: tuple[str, ...]
    guards: bool = True


def _without_sentiment(rules: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(rule for rule in rules if rule != SENTIMENT_RULE)


PARTS = {
    Variant.TECHNICAL: Parts(_without_sentiment(ENTRY_RULES), _without_sentiment(EXIT_RULES)),
    Variant.SENTIMENT: Parts((SENTIMENT_RULE,), (SENTIMENT_RULE,)),
    Variant.COMBINED: Parts(ENTRY_RULES, EXIT_RULES),
    Variant.BUY_AND_HOLD: Parts((), (), guards=False),
}

VARIANT_RULES = {
    Variant.TECHNICAL: "The strategy without its sentiment rules: no sentiment for entries, exits or stakes.",
    Variant.SENTIMENT: "The strategy without its technical rules: in on the sentiment entry rule, out on the sentiment "
    "exit rule.",
    Variant.COMBINED: "The whole strategy, as it trades.",
    Variant.BUY_AND_HOLD: "Every pair bought at the first candle that can trade and sold at the last one.",
    Variant.SHUFFLED: "The whole strategy on the same news moved around the period: the median of all controls, and "
    "where 95% of them lie.",
}
"""The description of each variant for people."""


@dataclass(frozen=True)
class Plan:
    """The options of a backtest.

    Attributes:
        candles: directory of Freqtrade's feather files.
        sentiment: the sentiment CSV.
        timeframe: the timeframe of the candles and of the strategy's decisions.
        start, end: the period (UTC) as Freqtrade bounds it: a candle that opens at `end` still counts.
        pairs: the pairs to trade; if empty, all pairs that have candles of this timeframe.
        controls: the number of controls, in each of which the news is moved to another time.
        seed: the seed of offsets and intervals; the same seed repeats every figure.
        wallet: balance at the start, in stake currency.
        stake: the stake of one trade, in stake currency; if None, the balance divided by `max_open_trades`.
        max_open_trades: the largest number of open trades; if None, one for each pair.
        fee: the fee of each purchase and each sale, as a ratio; if None, the exchange's fee.
        protections: whether the strategy's protections are used.
        staleness_hours: the age in hours at which sentiment counts as stale; if None, the strategy's own setting.
    """

    candles: Path
    sentiment: Path
    timeframe: str
    start: datetime
    end: datetime
    pairs: tuple[str, ...] = ()
    controls: int = DEFAULT_CONTROLS
    seed: int = 1
    wallet: float = 1000.0
    stake: float | None = None
    max_open_trades: int | None = None
    fee: float | None = None
    protections: bool = True
    staleness_hours: float | None = None
