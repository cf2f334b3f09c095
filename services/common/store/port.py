"""The port to the store that keeps sentiment for the strategy.

The keys and their meaning are the contract described in the documentation of the Redis adapter. All methods
may be called from any thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from services.common.messages import SentimentSignal
from services.common.runtime.health import DependencyHealth
from services.common.scored_pairs import ScoredPairs
from services.common.store.holds import Holds


class WriteOutcome(StrEnum):
    """What writing one signal did."""

    NEWEST = "newest"  # it is now the pair's current sentiment
    KEPT = "kept"  # it is in the history; the current sentiment is another
    DUPLICATE = "duplicate"  # this revision, or a higher one, was there already: nothing changed


class SentimentStore(Protocol):
    """Current sentiment and its history, by pair."""

    def write(self, signals: Sequence[SentimentSignal], now: datetime) -> list[WriteOutcome]:
        """Store signals in one round trip; the keys of one signal change together.

        Args:
            signals: any order, any pairs.
            now: when they become available to the strategy; written as their `available_at`.

        Returns:
            One outcome for each signal, in order.

        Raises:
            TryLater: the store is away, loading or full. Some signals may have been written; writing the
                same again changes nothing.
            StopProgram: refused for good, as in `check`. The methods that raise TryLater all may.
        """
        ...

    def current(self, pairs: Sequence[str]) -> dict[str, dict[str, str] | None]:
        """The fields of `sentiment:{PAIR}` for each pair, None where there is none. Raises TryLater."""
        ...

    def history(self, pair: str, limit: int = 100) -> list[SentimentSignal]:
        """The last signals of a pair, newest first, at most 100. Raises TryLater."""
        ...

    def scored_pairs(self) -> ScoredPairs | None:
        """The pairs that are scored; None while none were announced. Raises TryLater."""
        ...

    def announce_scored_pairs(self, scored: ScoredPairs) -> None:
        """Write which pairs are scored. Raises TryLater."""
        ...

    @property
    def holds(self) -> Holds:
        """The holds on entries."""
        ...

    def eviction_policy(self) -> str | None:
        """Which keys the store evicts when it is full (`maxmemory-policy`); None if our user may not ask.

        Raises:
            TryLater: the store is away.
            StopProgram: refused for good, or it is a kind of store that cannot be used (a cluster).
        """
        ...

    def health(self) -> DependencyHealth:
        """How the connection was when last used. Never waits for the network."""
        ...

    def check(self) -> None:
        """Ping the store.

        Raises:
            TryLater: nobody answers.
            StopProgram: refused for good (password, rights).
        """
        ...

    def close(self) -> None:
        """Close the connections. May be called twice."""
        ...
