"""How often a feed has something new, from the dates of its entries, and after which silence it counts as frozen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

FAR_LONGER = 3
"""Feeds pause at night and over weekends; a silence of this many times its longest pause is no usual pause."""
USUAL_PAUSE = timedelta(days=3)
"""A weekend with a holiday."""
FEW = 4
"""A pause with less than one in FEW entries on one side of it may come from pinned posts instead."""
LONGEST_FREEZE_LIMIT = timedelta(days=30)
FURTHEST_ZONE = timedelta(hours=14)
"""A local time that is wrongly stated as UTC lies at most so far in the future."""


@dataclass(frozen=True, slots=True)
class Habit:
    """What a feed's dates say.

    Attributes:
        newest: publication of the newest entry; None if no entry has a date.
        longest_pause: the longest time between two consecutive entries.
    """

    newest: datetime | None = None
    longest_pause: timedelta = timedelta(0)


def habit_of(published: Iterable[datetime | None], now: datetime) -> Habit:
    """The publishing habit of a feed whose entries have these dates, in any order.

    Future dates count as now; dates further in the future than any time zone explains are ignored. A long pause beside
    only a few of the oldest or newest entries is ignored if the other pauses are much shorter: those are pinned.
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
    """The date, at most `now`; None if it lies further in the future than any mistake about its zone explains."""
    return None if published > now + FURTHEST_ZONE else min(published, now)


def freeze_limit(habit: Habit, at_least: timedelta) -> timedelta:
    """How long the feed may have nothing new before it counts as frozen."""
    return max(at_least, min(FAR_LONGER * habit.longest_pause, LONGEST_FREEZE_LIMIT))
