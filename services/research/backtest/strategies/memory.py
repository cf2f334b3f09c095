"""A source of signals for runs of a backtest, which differ in nothing but their signals."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import pandas as pd
from cryptoboy_sentiment import EntriesState, Hold, ServedSignals, SignalSource


def history_in_memory(signals: pd.DataFrame) -> SignalSource:
    """Return a source like that of a sentiment CSV with these signals, in a frame as `signals_frame` returns it."""
    return ServedSignals(_Signals(signals))


class _Signals:
    """A `SignalSource` by the exact names of pairs and assets."""

    entries: EntriesState = "open"  # nothing suspends entries in a backtest
    holds: tuple[Hold, ...] = ()

    def __init__(self, signals: pd.DataFrame) -> None:
        self._nothing = signals.head(0)
        self._by_name = {str(name): rows for name, rows in signals.groupby("pair")}
        self.scored: frozenset[str] | None = frozenset(self._by_name)

    def refresh(self, pairs: Iterable[str], now: datetime) -> None:
        """Do nothing, because past signals do not change."""

    def signals(self, pair: str, /) -> pd.DataFrame:
        """Return the pair's signals; the frame is empty if there are no signals of this pair."""
        return self._by_name.get(pair, self._nothing)

    def readable(self, _pair: str, /) -> bool:
        """Return True, because signals in memory are always readable."""
        return True
