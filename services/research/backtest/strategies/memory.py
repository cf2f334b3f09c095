"""A source of signals for runs of a backtest, which differ in nothing but their signals."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import pandas as pd
from cryptoboy_sentiment import EntriesState, Hold


class HistorySignals:
    """A `SignalSource` of the strategy that serves signals from memory."""

    scored: frozenset[str] | None = None
    entries: EntriesState = "open"  # nothing suspends entries in a backtest
    holds: tuple[Hold, ...] = ()

    def __init__(self, signals: pd.DataFrame) -> None:
        """Take the signals of any pairs, in a frame as `signals_frame` returns it."""
        self._nothing = signals.head(0)
        self._by_pair = {str(pair): rows for pair, rows in signals.groupby("pair")}

    def refresh(self, pairs: Iterable[str], now: datetime) -> None:
        """Do nothing, because past signals do not change."""

    def signals(self, pair: str, /) -> pd.DataFrame:
        """Return the pair's signals; the frame is empty if there are no signals of this pair."""
        return self._by_pair.get(pair, self._nothing)

    def readable(self, _pair: str, /) -> bool:
        """Return True, because signals in memory are always readable."""
        return True
