"""What one call of the backtest does, and the parts of the strategy that it compares."""

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
    """What is compared. `SHUFFLED` is `COMBINED` on the same news at another time, many times."""

    TECHNICAL = "technical"
    SENTIMENT = "sentiment"
    COMBINED = "combined"
    BUY_AND_HOLD = "buy_and_hold"
    SHUFFLED = "shuffled"


class Parts(NamedTuple):
    """The parts of the strategy that a variant trades by.

    Attributes:
        entry_rules: all of them must hold; with none every candle is an entry.
        exit_rules: one of them is enough; with none there is no exit signal.
        guards: whether the strategy's return on investment, stop loss and trailing stop end trades.
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
"""What each variant is, for people."""


@dataclass(frozen=True)
class Plan:
    """What to backtest.

    Attributes:
        candles: directory of Freqtrade's feather files.
        sentiment: the sentiment CSV.
        timeframe: of the candles, and of the strategy's decisions.
        start, end: the period (UTC), with Freqtrade's own bounds: a candle that opens at `end` still counts.
        pairs: only these; empty: all that have candles of this timeframe.
        controls: how often the news is moved to another time.
        seed: of offsets and intervals; the same one repeats every figure.
        wallet: balance at the start, in stake currency.
        stake: of one trade, in stake currency; None: the balance divided by `max_open_trades`.
        max_open_trades: None: one for each pair.
        fee: of each purchase and sale, as a ratio; None: the exchange's.
        protections: whether the strategy's protections are at work.
        staleness_hours: None: the strategy's own.
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
