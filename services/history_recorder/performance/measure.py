"""Measures how the scores did: returns after signals of a period, in groups, and whether it is more than chance."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from services.common.errors import StopProgram
from services.common.forward_returns import HORIZON_HOURS
from services.common.history.port import HistoryReader
from services.history_recorder.performance.cells import cells_of, with_verdicts
from services.history_recorder.performance.events import Events
from services.history_recorder.performance.report import Cell, Performance
from services.history_recorder.performance.verdict import is_chance, verdict_of

LONGEST_PERIOD = timedelta(days=3660)
"""Resampling takes memory and time for each day of the period."""
MOST_SIGNALS = 50_000
"""The largest number of signals for each horizon in what is measured beforehand."""


def measure(
    history: HistoryReader,
    *,
    pair: str | None = None,
    names: Collection[str] = (),
    start: datetime,
    end: datetime,
    now: datetime,
    most: int = MOST_SIGNALS,
) -> Performance:
    """Measure the signals of some or all pairs that were available in [start, end).

    Of a period that is longer than LONGEST_PERIOD or ends in the future, only the last part until now is measured, and
    of more than `most` signals for a horizon the newest. `names` are the names under which `pair` has signals.

    Raises:
        StopProgram: the period is empty.
        TryLater: the history is away.
    """
    end = min(end, now)
    start = max(start, end - LONGEST_PERIOD)
    if start >= end:
        raise StopProgram(f"the period from {start.isoformat()} to {end.isoformat()} is empty")
    cells: list[Cell] = []
    signals: dict[str, int] = {}
    is_cut = False
    for hours in HORIZON_HOURS:
        rows = history.measured(hours, start, end, pairs=names, limit=most)
        is_cut = is_cut or len(rows) == most
        begun = rows[-1].available_at if len(rows) == most else start
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
        computed=now,
    )
