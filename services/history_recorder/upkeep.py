"""Keeps the history within its limits, a small step at a time between two batches."""

from __future__ import annotations

from services.common.clock import Clock
from services.common.history.port import HistoryWriter, Limits
from services.common.runtime.metrics import HISTORY_BYTES
from services.common.settings.settings import Settings

LOOK_SECONDS = 60.0


class Upkeep:
    """Removes the oldest rows beyond HISTORY_RETENTION_DAYS and HISTORY_MAX_MB. Not thread-safe."""

    def __init__(self, settings: Settings, history: HistoryWriter, clock: Clock) -> None:
        self._history, self._clock = history, clock
        self._limits = limits_of(settings)
        self._due = float("-inf")

    def look(self, monotonic: float) -> None:
        """Remove one portion of rows if it is time to. While there are more, each call removes one. Raises TryLater."""
        if monotonic < self._due:
            return
        if self._history.trim(self._limits, self._clock.now()) == 0:
            self._due = monotonic + LOOK_SECONDS
            HISTORY_BYTES.set(self._history.size())


def limits_of(settings: Settings) -> Limits:
    """The limits that the settings name; 0 is without a limit."""
    most = settings.history_max_mb
    return Limits(days=settings.history_retention_days or None, bytes=int(most * 1_000_000) or None)
