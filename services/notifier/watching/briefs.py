"""Watches the clock for briefs that are due."""

from __future__ import annotations

from services.common.clock import Clock
from services.common.history.notifying.port import NotifierBatch
from services.notifier.briefing import Briefing
from services.notifier.happening import Happening, Kind
from services.notifier.message import Message
from services.notifier.watching.found import Found
from services.operations.briefs.make import Made


class BriefWatch:
    """A `Watch` of what is due. A brief is written in the transaction that writes its notices."""

    name = "briefs"
    seconds = 5.0

    def __init__(self, briefing: Briefing, clock: Clock) -> None:
        self._briefing, self._clock = briefing, clock

    def look(self) -> Found:
        """See `Watch`."""
        now = self._clock.now()
        made = self._briefing.look(now)
        return Found(
            happenings=tuple(_happening(each) for each in made),
            also=NotifierBatch(briefs=tuple(each.row for each in made)),
        )

    def commit(self) -> None:
        """See `Watch`. The row of a brief says that it was made."""


def _happening(made: Made) -> Happening:
    title, *lines = made.row.text.splitlines()
    return Happening(
        key=f"brief:{made.row.kind.value}:{made.row.day.isoformat()}",
        kind=Kind.BRIEF,
        at=made.row.at,
        message=Message(title, tuple(lines)),
        rich=tuple(made.telegram),
    )
