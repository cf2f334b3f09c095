"""Says how the variants of a backtest differ for one kind of strategy."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

import pandas as pd
from cryptoboy_sentiment import SignalSource

from services.research.backtest.plan import Variant
from services.research.backtest.strategies.counts import Row

Frames = Mapping[str, pd.DataFrame]


class Subject(Protocol):
    """A strategy that Freqtrade loaded, with what a comparison needs to know of its kind.

    Attributes:
        rules_alone: the words for the strategy without news in a sentence.
        fields: the fields of the section `cryptoboy` that this kind of strategy uses.
        source: where the strategy has its signals from; the variant without news may have none.
        may_read_news: whether the strategy's own indicators may depend on news.
    """

    rules_alone: str
    fields: Collection[str]
    source: SignalSource
    may_read_news: bool

    @property
    def variants(self) -> Mapping[Variant, str]:
        """The variants that consist of one run of the strategy, with a description of each for people."""

    @property
    def levels(self) -> tuple[float, float]:
        """The scores above and below which a signal is shown as good or bad news."""

    def trading(self, variant: Variant) -> AbstractContextManager[None]:
        """Let the strategy trade as this variant; afterwards it trades as a whole again."""

    def asking(self) -> AbstractContextManager[Collection[str]]:
        """Collect the pairs for whose news the strategy's own code asks meanwhile."""

    def columns(self, pair: str, opens: pd.Series[Any]) -> pd.DataFrame:
        """Compute the columns of news for candles with these opening times, from the signals of `source`."""

    def rules_fired(self, frames: Frames, trades: pd.DataFrame) -> Row:
        """Count how often rules held, with the trades of the whole strategy on these candles."""

    def signals_beyond(self, signals: pd.DataFrame, frames: Frames) -> Row:
        """Count the signals beyond the thresholds, and the candles whose sentiment lies beyond them."""
