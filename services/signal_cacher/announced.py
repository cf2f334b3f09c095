"""Writes the scored pairs to the store, so that the strategy can report which of its own pairs are not scored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import structlog

from services.common.clock import Clock
from services.common.errors import StopProgram
from services.common.scored_pairs import carried_over
from services.common.store.port import SentimentStore

log = structlog.get_logger(__name__)

ANNOUNCE_SECONDS = 60.0


class Announced:
    """The pairs that are scored.

    These are the pairs of TRADING_PAIRS, and pairs that were recently removed from it, which the store records. They
    are written again each minute, because the store may be emptied. Not thread-safe.

    Args:
        configured: the pairs of TRADING_PAIRS.
    """

    def __init__(self, store: SentimentStore, configured: Sequence[str], clock: Clock) -> None:
        self._store = store
        self._configured = tuple(configured)
        self._clock = clock
        self._scored: dict[str, datetime | None] = dict.fromkeys(configured)
        self._last: float | None = None
        self._refused = False

    def begin(self) -> None:
        """Read the pairs that were announced before. Raises TryLater."""
        try:
            before = self._store.scored_pairs() or {}
        except StopProgram as error:
            self._refuse(error)
        else:
            self._scored = carried_over(before, self._configured, self._clock.now())

    def announce(self, monotonic: float) -> None:
        """Write the pairs to the store if the last write was at least a minute ago. Raises TryLater."""
        if self._last is not None and monotonic - self._last < ANNOUNCE_SECONDS:
            return
        try:
            self._store.announce_scored_pairs(self._scored)
        except StopProgram as error:
            self._refuse(error)
        self._last = monotonic

    def _refuse(self, error: StopProgram) -> None:
        # On a Redis that was set up before this key existed our user lacks the right to it. Signals do not need it.
        if not self._refused:
            log.warning("scored_pairs_not_announced", error=str(error))
        self._refused = True
