"""What the strategy asks of the place that signals come from."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Protocol

import pandas as pd

if TYPE_CHECKING:
    from cryptoboy_sentiment.holds import Hold

EntriesState = Literal["open", "paused", "lost", "unknown"]
"""`lost`: the store does not say that it keeps holds, so there may be one. Entries are made while `open` only."""


class SignalSource(Protocol):
    """Where signals come from. No method raises: what cannot be read is said by `readable` and `entries`.

    Attributes:
        scored: the pairs that somebody scores, as far as is known; None while none were announced.
        entries: whether new entries are allowed, as the last refresh read.
        holds: who keeps entries from being made, as the last refresh read.
    """

    scored: frozenset[str] | None
    entries: EntriesState
    holds: "tuple[Hold, ...]"

    def refresh(self, pairs: Iterable[str], now: datetime) -> None:
        """Bring the signals of these pairs up to date; `now` is UTC. Blocks for a bounded time only."""

    def signals(self, pair: str, /) -> pd.DataFrame:
        """The pair's known signals as from `signals_frame`, in no particular order. Not to be changed."""

    def readable(self, pair: str, /) -> bool:
        """Whether the last refresh brought this pair up to date."""
