"""Watches when each source of news was last seen."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta

from services.common.clock import Clock
from services.common.history.notifying.port import NotifierBatch
from services.common.history.port import HistoryReader
from services.notifier.happenings.running import source_happenings
from services.notifier.watching.found import Found

CURSOR = "notifier:silent"
FORGOTTEN_AFTER = timedelta(days=30)
"""A source that was silent for so long is none any more."""


class SourceWatch:
    """A `Watch` of the sources that the history has."""

    name = "sources"
    seconds = 30.0

    def __init__(
        self, reader: HistoryReader, clock: Clock, hours: float, position_of: Callable[[str], str | None]
    ) -> None:
        self._reader, self._clock, self._hours, self._position_of = reader, clock, hours, position_of
        self._silent: dict[str, datetime] | None = None
        self._next: dict[str, datetime] = {}

    def look(self) -> Found:
        """See `Watch`. Sources that are silent at the first start are not told."""
        silent, self._silent = self._silent, None  # after a look that failed, what is written is read again
        position = self._position_of(CURSOR) if silent is None else None
        is_first = silent is None and position is None
        if silent is None:
            stored = json.loads(position or "{}")
            silent = {source: datetime.fromisoformat(seen) for source, seen in stored.items()}
        now = self._clock.now()
        last_seen = {
            article.source: article.fetched
            for article in self._reader.last_articles()
            if now - article.fetched < FORGOTTEN_AFTER
        }
        found, self._next = source_happenings(last_seen, silent, self._hours, now)
        written = json.dumps({source: seen.isoformat() for source, seen in self._next.items()})
        cursors = {CURSOR: written} if is_first or self._next != silent else {}
        return Found(happenings=() if is_first else found, also=NotifierBatch(cursors=cursors))

    def commit(self) -> None:
        """See `Watch`."""
        self._silent = self._next
