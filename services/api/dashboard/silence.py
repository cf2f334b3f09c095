"""Whether anything runs behind the pages, which every page says if nothing does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.api.sources import Sources
from services.common.errors import StopProgram, TryLater
from services.common.history.port import HistoryReader
from services.operations.health import NOTHING_ANSWERS


@dataclass(frozen=True, slots=True)
class Silence:
    """No service answers. `newest` is when something was recorded last; None if nothing was, or if it is unknown."""

    newest: datetime | None


def silence_of(asked: Sources) -> Silence | None:
    """The silence; None while a service answers."""
    if asked.health().status != NOTHING_ANSWERS:
        return None
    try:
        return Silence(recorded_last(asked.history))
    except (TryLater, StopProgram):  # the parts of the page say so
        return Silence(None)


def recorded_last(history: HistoryReader) -> datetime | None:
    """When the newest change that is kept was recorded. Raises TryLater and StopProgram, as the history does."""
    _, newest = history.seqs()
    events = history.events(newest - 1, limit=1)
    return events[0].at if events else None
