"""Looks with a watch as the rounds do, with or without what it found being written."""

from __future__ import annotations

from services.common.clock import ManualClock
from services.common.history.notifying.port import NotifierLog
from services.common.history.open import open_reader
from services.common.settings.settings import Settings
from services.notifier.happening import Happening
from services.notifier.watching.found import Watch
from tests.support.notifier.samples import NOW


class Looker:
    """What a watch is made of, and the looks of one.

    Attributes:
        reader: the history.
        clock: a clock at NOW.
        position: returns what an earlier look has written.
    """

    def __init__(self, settings: Settings, log: NotifierLog) -> None:
        self.settings, self.log = settings, log
        self.reader, self.clock, self.position = open_reader(settings), ManualClock(NOW), log.position

    def look(self, watch: Watch, *, is_written: bool = True) -> list[Happening]:
        """Return what one look finds; `is_written` says whether the history takes it."""
        found = watch.look()
        if is_written:
            self.log.write(found.also)
            watch.commit()
        return list(found.happenings)

    def keys(self, watch: Watch, *, is_written: bool = True) -> list[str]:
        """The keys of what one look finds."""
        return [each.key for each in self.look(watch, is_written=is_written)]
