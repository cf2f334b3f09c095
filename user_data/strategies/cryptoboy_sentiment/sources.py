"""Defines the interface between the strategy and a source of signals."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Protocol

import pandas as pd

if TYPE_CHECKING:
    from cryptoboy_sentiment.holds import Hold

EntriesState = Literal["open", "paused", "lost", "unknown"]
"""Whether entries are allowed; only `open` allows them.

`lost` means that the store has no record of holds (`_kept` is missing), so an unknown hold may be in force.
"""


class SignalSource(Protocol):
    """A source of signals. No method raises an error; `readable` and `entries` report what could not be read."""

    @property
    def scored(self) -> frozenset[str] | None:
        """The pairs and assets that are scored, as far as is known; None if it is unknown."""

    @property
    def entries(self) -> EntriesState:
        """Whether new entries are allowed, as of the last refresh."""

    @property
    def holds(self) -> "tuple[Hold, ...]":
        """The holds that prevent entries, as of the last refresh."""

    def refresh(self, pairs: Iterable[str], now: datetime) -> None:
        """Bring the signals of these pairs up to date; `now` is in UTC. Blocks for a bounded time only."""

    def signals(self, pair: str, /) -> pd.DataFrame:
        """The pair's signals in any order, in a frame like that of `signals_frame`, which callers must not change."""

    def readable(self, pair: str, /) -> bool:
        """Whether the last refresh brought this pair up to date."""
