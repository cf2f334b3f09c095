"""How the scores did: returns after signals of a period, in groups, and whether it is more than chance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.common.errors import StopProgram
from services.common.forward_returns import HORIZON_HOURS
from services.common.history.port import HistoryReader
from services.operations.answer import Answer
from services.operations.news.stories import names_of
from services.operations.performance.cells import Cell, cells_of, with_verdicts
from services.operations.performance.events import Events
from services.operations.performance.verdict import is_chance, verdict_of

USUAL_PERIOD = timedelta(days=30)
LONGEST_PERIOD = timedelta(days=3660)
"""Resampling takes memory and time for each day of the period."""
MOST_SIGNALS = 50_000
"""The largest number of signals for each horizon; the newest of the period."""


@dataclass(frozen=True, slots=True)
class Performance(Answer):
    """How prices changed after the signals of a period.

    Attributes:
        signals: the number of signals with a return, by horizon.
        is_cut: whether the period has more signals than are counted; the newest are.
        cells: `all` first, then the groups, each with its largest part first.
        chance: whether no horizon shows more than chance over all signals.
        verdict: the same in words, and what is not shown.
    """

    pair: str | None
    start: datetime
    end: datetime
    signals: dict[str, int]
    is_cut: bool
    cells: tuple[Cell, ...]
    chance: bool
    verdict: str


def read_performance(
    history: HistoryReader,
    *,
    pair: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    now: datetime,
) -> Performance:
    """Measure the signals available in [start, end); without them, those of the last 30 days until now.

    Of a period that is longer than LONGEST_PERIOD or ends in the future, only the last part until now is measured.

    Raises:
        StopProgram: the period is empty.
        TryLater: the history is away.
    """
    end = min(end or now, now)
    start = max(start or end - USUAL_PERIOD, end - LONGEST_PERIOD)
    if start >= end:
        raise StopProgram(f"the period from {start.isoformat()} to {end.isoformat()} is empty")
    cells: list[Cell] = []
    signals: dict[str, int] = {}
    is_cut = False
    for hours in HORIZON_HOURS:
        rows = history.measured(hours, start, end, pairs=names_of(pair) if pair else (), limit=MOST_SIGNALS)
        is_cut = is_cut or len(rows) == MOST_SIGNALS
        begun = rows[-1].available_at if len(rows) == MOST_SIGNALS else start
        events = Events.of(rows)
        signals[f"{hours}h"] = int(events.change.size)
        cells += cells_of(events, timedelta(hours=hours), begun, end)
    decided = tuple(sorted(with_verdicts(cells), key=lambda cell: cell.group != "all"))
    return Performance(
        pair=pair,
        start=start,
        end=end,
        signals=signals,
        is_cut=is_cut,
        cells=decided,
        chance=is_chance(decided),
        verdict=verdict_of(decided, end - start),
    )
