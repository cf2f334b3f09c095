"""Figures that take seconds and memory to compute: one at a time for all callers, and kept where they may be old."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime

from services.api.recent import Recent
from services.common.clock import Clock
from services.common.errors import TryLater
from services.common.history.port import HistoryReader
from services.common.settings.settings import Settings
from services.history_recorder.performance.report import Performance
from services.operations.performance import measured_beforehand, read_performance
from services.operations.sources import SourcesReport, read_sources

SOURCES_SECONDS = 60.0
WAIT_SECONDS = 1.0
"""Who waits keeps one of the worker threads, which answer all other requests too."""


class Figures:
    """One object for all faces of the application, so that no face computes beside another. For worker threads."""

    def __init__(self, settings: Settings, clock: Clock, history: HistoryReader) -> None:
        self._settings = settings
        self._clock = clock
        self._history = history
        self._computing = threading.Lock()
        self._sources: dict[int, Recent[SourcesReport]] = {}

    def performance(
        self,
        pair: str | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        days: int | None = None,
    ) -> Performance:
        """How the scores did. Raises as `read_performance`, and TryLater while other figures are computed.

        What the recorder measured beforehand waits for nobody.
        """
        now = self._clock.now()
        if kept := measured_beforehand(self._history, pair=pair, start=start, end=end, days=days, now=now):
            return kept
        with self._alone():
            return read_performance(self._history, pair=pair, start=start, end=end, days=days, now=now)

    def sources(self, days: int) -> SourcesReport:
        """How the sources of news did, at most a minute old.

        Raises as `read_sources`, and TryLater while other figures are computed.
        """
        report = self._sources.setdefault(days, Recent(lambda: self._read_sources(days), SOURCES_SECONDS))
        return report.get()

    def _read_sources(self, days: int) -> SourcesReport:
        with self._alone():
            return read_sources(self._history, self._settings, self._clock.now(), days)

    def _alone(self) -> AbstractContextManager[None]:
        return alone(self._computing, "other figures are computed now; try again")


@contextmanager
def alone(lock: threading.Lock, detail: str) -> Iterator[None]:
    """Hold the lock. Raises TryLater with this detail if others hold it for longer than a second."""
    if not lock.acquire(timeout=WAIT_SECONDS):
        raise TryLater(detail)
    try:
        yield
    finally:
        lock.release()
