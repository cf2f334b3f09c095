"""Serves pairs from a source that knows exact names only; whose signals serve a pair is decided in `assets`."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import pandas as pd

from cryptoboy_sentiment.assets import combined, names_for
from cryptoboy_sentiment.holds import Hold
from cryptoboy_sentiment.sources import EntriesState, SignalSource
from cryptoboy_sentiment.unscored import Unscored


class ServedSignals:
    """A `SignalSource` in which a pair without signals of its own has those of its asset.

    Args:
        source: the signals by exact name of a pair or of an asset.
        tells: whether the first look at each pair logs whose signals serve it, for runs that call no `refresh`.
    """

    def __init__(self, source: SignalSource, *, tells: bool = False) -> None:
        self.source = source
        self._tells, self._unscored = tells, Unscored()
        self._answered = False
        self._of_names: tuple[frozenset[str] | None, dict[str, tuple[str, ...]]] = (None, {})
        self._combined: dict[str, tuple[list[pd.DataFrame], pd.DataFrame]] = {}

    @property
    def scored(self) -> frozenset[str] | None:
        """The pairs and assets that are scored, as the source has it."""
        return self.source.scored

    @property
    def entries(self) -> EntriesState:
        """Whether new entries are allowed, as the source has it."""
        return self.source.entries

    @property
    def holds(self) -> tuple[Hold, ...]:
        """The holds that prevent entries, as the source has them."""
        return self.source.holds

    def refresh(self, pairs: Iterable[str], now: datetime) -> None:
        """Bring the signals of all names that serve these pairs up to date.

        Which names are scored is known only from an answer of the source. The first refresh asks for the pairs
        themselves, and a refresh that learns of further names asks a second time, for all names.
        """
        wanted = list(dict.fromkeys(pairs))
        for pair in self._combined.keys() - set(wanted):
            del self._combined[pair]
        asked = self._names(wanted) if self._answered else wanted
        self.source.refresh(asked, now)
        if not all(map(self.source.readable, wanted)):
            return
        self._answered = True
        if not {*self._names(wanted)} <= {*asked}:
            self.source.refresh(self._names(wanted), now)

    def signals(self, pair: str, /) -> pd.DataFrame:
        """The signals that count for the pair; see `assets`."""
        if self._tells:
            self._unscored.look([pair], self.scored)
        frames = [self.source.signals(name) for name in self._order(pair)]
        known, found = self._combined.get(pair, ([], pd.DataFrame()))
        # A source returns the same frame while nothing has changed.
        if len(known) != len(frames) or any(
            one is not other for one, other in zip(known, frames, strict=True)
        ):
            found = combined(pair, frames)
            self._combined[pair] = (frames, found)
        return found

    def readable(self, pair: str, /) -> bool:
        """Whether the last refresh brought every name that serves the pair up to date."""
        return all(map(self.source.readable, self._order(pair)))

    def _names(self, pairs: Iterable[str]) -> list[str]:
        """The pairs, and after them the further names that serve them."""
        wanted = list(pairs)
        return list(dict.fromkeys([*wanted, *(name for pair in wanted for name in self._order(pair))]))

    def _order(self, pair: str) -> tuple[str, ...]:
        scored = self.source.scored
        known, orders = self._of_names
        if known is not scored:  # compared only once for each refresh, because there may be hundreds of names
            orders = orders if known == scored else {}
            self._of_names = (scored, orders)
        if pair not in orders:
            orders[pair] = names_for(pair, scored)
        return orders[pair]

    def __getstate__(self) -> dict[str, Any]:
        """The state of a copy for a worker of hyperopt, which is to say nothing that was said before."""
        return {**self.__dict__, "_tells": False}
