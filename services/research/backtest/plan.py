"""The options of one backtest, and the variants that it compares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from services.research.backtest.selection import Selection

STRATEGY = "LLMSentimentStrategy"
DEFAULT_CONTROLS = 199


class Variant(StrEnum):
    """The variants that are compared.

    `TECHNICAL` is the strategy without news, and `COMBINED` is the strategy as it trades with news. `SENTIMENT`, which
    is news without the other rules, exists only for a strategy whose rules are named. `SHUFFLED` means many runs of
    `COMBINED` on the same news moved in time.
    """

    TECHNICAL = "technical"
    SENTIMENT = "sentiment"
    COMBINED = "combined"
    BUY_AND_HOLD = "buy_and_hold"
    SHUFFLED = "shuffled"


@dataclass(frozen=True)
class Plan:
    """The options of a backtest.

    Attributes:
        candles: directory of candle files.
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
        selection: which signals count.
        changes: values for fields of the configuration's section `cryptoboy` and for parameters of the strategy, as
            texts by name.
        strategy: the name of the strategy's class.
        user_data: the Freqtrade directory with the strategy; None for the strategy of this project.
        settings: Freqtrade's configuration of a strategy in such a directory, without what a backtest sets by itself.
        timeframe_detail: a shorter timeframe for what happens within a candle; None: that of `settings`, if any.
        notes: what is to be said about the options, one sentence each.
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
    selection: Selection = field(default_factory=Selection)
    changes: Mapping[str, str] = field(default_factory=dict)
    strategy: str = STRATEGY
    user_data: Path | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    timeframe_detail: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def futures(self) -> bool:
        """Whether perpetual contracts are traded."""
        return self.settings.get("trading_mode") == "futures"
