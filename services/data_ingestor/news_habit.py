"""How often a feed has something new, and whether it has had nothing new for far longer than that."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

FAR_LONGER = 3
"""A feed pauses at night and over weekends; this many times its longest pause is no pause any more."""


@dataclass(frozen=True, slots=True)
class Habit:
    """What a feed's dates say.

    Attributes:
        newest: publication of the newest entry; None where none is dated.
        longest_pause: the longest time between two entries, one after the other.
    """

    newest: datetime | None = None
    longest_pause: timedelta = timedelta(0)


def habit_of(published: Iterable[datetime | None], now: datetime) -> Habit:
    """The habit of a feed with entries of these dates, in any order. Dates to come count as now."""
    dates = sorted(min(each, now) for each in published if each is not None)
    if not dates:
        return Habit()
    return Habit(
        dates[-1], max((later - earlier for earlier, later in pairwise(dates)), default=timedelta(0))
    )


def patience(habit: Habit, at_least: timedelta) -> timedelta:
    """How long the feed may have nothing new before it counts as frozen."""
    return max(at_least, FAR_LONGER * habit.longest_pause)
