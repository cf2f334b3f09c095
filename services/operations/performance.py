"""How the scores did: as the recorder measured it beforehand, or measured now for another question."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.common.history.port import HistoryReader
from services.history_recorder.performance.report import Performance
from services.history_recorder.performance.summary import kept_performance
from services.operations.news.stories import names_of

USUAL_DAYS = 30
MOST_WHEN_ASKED = 10_000
"""The largest number of signals for each horizon in what is measured while somebody waits."""
LONGEST_KEPT = timedelta(days=1)
"""What was measured longer ago, as by a recorder that is off, or by a clock that was ahead, answers no question."""


def measured_beforehand(
    history: HistoryReader,
    *,
    pair: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    days: int | None = None,
    now: datetime,
) -> Performance | None:
    """The answer to a question of `read_performance`, if the recorder has measured it and found signals with a return.

    Raises:
        TryLater: the history is away.
    """
    if pair or start or end:
        return None
    kept = kept_performance(history, days or USUAL_DAYS)
    if kept is None or abs(now - kept.computed) > LONGEST_KEPT:
        return None
    return kept if any(kept.signals.values()) else None


def read_performance(
    history: HistoryReader,
    *,
    pair: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    days: int | None = None,
    now: datetime,
) -> Performance:
    """How the scores of [start, end) did, or of the last `days` (30 if nothing is given).

    What was not measured beforehand is measured now, of `MOST_WHEN_ASKED` signals at most.

    Raises:
        StopProgram: the period is empty.
        TryLater: the history is away.
    """
    if kept := measured_beforehand(history, pair=pair, start=start, end=end, days=days, now=now):
        return kept
    from services.history_recorder.performance.measure import (
        measure,  # numpy takes memory and is seldom needed
    )

    end = min(end or now, now)
    start = start or end - timedelta(days=days or USUAL_DAYS)
    names = names_of(pair) if pair else ()
    return measure(history, pair=pair, names=names, start=start, end=end, now=now, most=MOST_WHEN_ASKED)
