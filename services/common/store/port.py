"""Defines the port to the store that keeps sentiment for the strategy.

The documentation of the Redis adapter specifies the keys and their meaning. All methods may be called from any
thread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from services.common.messages import SentimentSignal
from services.common.runtime.health import DependencyHealth
from services.common.scored_pairs import ScoredPairs
from services.common.store.holds import Holds


class WriteOutcome(StrEnum):
    """The result of writing one signal."""

    NEWEST = "newest"  # it is now the pair's current sentiment
    KEPT = "kept"  # it is in the history; the current sentiment is another
    DUPLICATE = "duplicate"  # this revision, or a higher one, was there already: nothing changed


@dataclass(frozen=True, slots=True)
class StoredSignals:
    """The signals of a pair from a position on.

    Attributes:
        signals: in the order of their `available_at`, which is always given.
        total: the number of the pair's signals in the store, those before the position included.
    """

    signals: Sequence[SentimentSignal]
    total: int


class SentimentStore(Protocol):
    """Stores the current sentiment and the history of each pair."""

    def write(self, signals: Sequence[SentimentSignal], now: datetime) -> list[WriteOutcome]:
        """Store signals in one round trip; all keys that one signal affects change together.

        Args:
            signals: signals of any pairs, in any order.
            now: the time when the signals become available to the strategy; written as their `available_at`.

        Returns:
            One outcome for each signal, in the order of `signals`.

        Raises:
            TryLater: the store is unreachable, loading or full. Some signals may have been written; writing the
                same signals again changes nothing.
            StopProgram: the store refuses permanently, as in `check`. All methods that raise TryLater may raise
                this error.
        """
        ...

    def current(self, pairs: Sequence[str]) -> dict[str, dict[str, str] | None]:
        """The fields of `sentiment:{PAIR}` for each pair; None for a pair without this key. Raises TryLater."""
        ...

    def history(self, pair: str, limit: int = 100) -> list[SentimentSignal]:
        """The last signals of a pair, newest first, at most 100. Raises TryLater."""
        ...

    def signals_from(self, positions: Mapping[str, int]) -> dict[str, StoredSignals]:
        """The signals of each pair, every revision, that became available at or after a position.

        A member that is not a signal, because another program wrote it, is left out with a warning.

        Args:
            positions: for each pair, milliseconds since the epoch.

        Raises:
            TryLater: as in `write`.
        """
        ...

    def scored_pairs(self) -> ScoredPairs | None:
        """The pairs that are scored; None if no scored pairs were announced yet. Raises TryLater."""
        ...

    def announce_scored_pairs(self, scored: ScoredPairs) -> None:
        """Write the pairs that are scored. Raises TryLater."""
        ...

    @property
    def holds(self) -> Holds:
        """The holds that keep the strategy from opening trades."""
        ...

    def eviction_policy(self) -> str | None:
        """The rule by which a full store evicts keys (`maxmemory-policy`); None if this user may not ask for it.

        Raises:
            TryLater: the store is unreachable.
            StopProgram: the store refuses permanently, or its kind is not supported (a cluster).
        """
        ...

    def health(self) -> DependencyHealth:
        """The state of the connection when it was last used. Never waits for the network."""
        ...

    def check(self) -> None:
        """Ping the store.

        Raises:
            TryLater: the store does not answer.
            StopProgram: the store refuses permanently (password, rights).
        """
        ...

    def close(self) -> None:
        """Close the connections. May be called twice."""
        ...
