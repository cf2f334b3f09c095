"""How often a feed has something new, and whether it has had nothing new for far longer than that."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

FAR_LONGER = 3
"""A feed pauses at night and over weekends; this many times its longest pause is no pause any more."""
USUAL_PAUSE = timedelta(days=3)
"""A weekend with a holiday."""
FEW = 4
"""A pause with less than a quarter of the entries on one side of it may be no pause, but posts that are pinned."""
LONGEST_PATIENCE = timedelta(days=30)
FURTHEST_ZONE = timedelta(hours=14)
"""A local time that is stated as UTC is at most so far in the future."""


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
    """The habit of a feed with entries of these dates, in any order.

    Dates to come count as now, and those beyond any zone not at all. A long pause that only a few of the oldest or
    of the newest entries make is none, if it is not like the others: those entries are pinned.
    """
    dates = sorted(
        date for each in published if each is not None and (date := claimed(each, now)) is not None
    )
    if not dates:
        return Habit()
    pauses = [later - earlier for earlier, later in pairwise(dates)]
    few = len(dates) // FEW
    inner = pauses[max(few, 1) : len(pauses) - few]
    limit = max(USUAL_PAUSE, FAR_LONGER * max(inner, default=timedelta(0)))
    usual = [pause for pause in pauses if pause <= limit]
    return Habit(dates[-1], max([*inner, *usual], default=timedelta(0)))


def claimed(published: datetime, now: datetime) -> datetime | None:
    """What a date is worth as of `now`; None if it is further in the future than any mistake about its zone."""
    return None if published > now + FURTHEST_ZONE else min(published, now)


def patience(habit: Habit, at_least: timedelta) -> timedelta:
    """How long the feed may have nothing new before it counts as frozen."""
    return max(at_least, min(FAR_LONGER * habit.longest_pause, LONGEST_PATIENCE))
