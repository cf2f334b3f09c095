"""Tells the strategy, through the store, which pairs are scored: so it can say that nobody scores one of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import structlog

from services.common.clock import Clock
from services.common.errors import StopProgram
from services.common.scored_pairs import carried_over
from services.common.store.port import SentimentStore

log = structlog.get_logger(__name__)

TELL_SECONDS = 60.0


class Announced:
    """The pairs that are scored: TRADING_PAIRS, and those taken out of it lately, which the store itself remembers.

    They are told again each minute, as a store may be emptied. One thread calls it.

    Args:
        configured: TRADING_PAIRS.
    """

    def __init__(self, store: SentimentStore, configured: Sequence[str], clock: Clock) -> None:
        self._store = store
        self._configured = tuple(configured)
        self._clock = clock
        self._scored: dict[str, datetime | None] = dict.fromkeys(configured)
        self._told: float | None = None
        self._refused = False

    def begin(self) -> None:
        """Take over what the store was told before. Raises TryLater."""
        try:
            before = self._store.scored_pairs() or {}
        except StopProgram as error:
            self._refuse(error)
        else:
            self._scored = carried_over(before, self._configured, self._clock.now())

    def tell(self, monotonic: float) -> None:
        """Tell the store if it is time to. Raises TryLater."""
        if self._told is not None and monotonic - self._told < TELL_SECONDS:
            return
        try:
            self._store.tell_scored_pairs(self._scored)
        except StopProgram as error:
            self._refuse(error)
        self._told = monotonic

    def _refuse(self, error: StopProgram) -> None:
        # Rights that a Redis gave before there was this key: signals go on without it.
        if not self._refused:
            log.warning("scored_pairs_not_told", error=str(error))
        self._refused = True
