"""Derives from entry dates how often a feed has new entries, and after which silence it counts as frozen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

FAR_LONGER = 3
"""Feeds pause at night and over weekends. A silence of this many times the longest pause is therefore unusual."""
USUAL_PAUSE = timedelta(days=3)
"""A pause of at most this length, such as a weekend with a holiday, always counts as usual."""
FEW = 4
"""If fewer than one in FEW entries are older, or newer, than a pause, pinned posts may be the cause of the pause."""
LONGEST_FREEZE_LIMIT = timedelta(days=30)
FURTHEST_ZONE = timedelta(hours=14)
"""The maximum time by which a publication date can lie in the future because a local time is wrongly stated as
UTC."""


@dataclass(frozen=True, slots=True)
class Habit:
    """The publishing habit of a feed, derived from the dates of its entries.

    Attributes:
        newest: the publication time of the newest entry; None if no entry has a date.
        longest_pause: the longest time between two consecutive entries.
    """

    newest: datetime | None = None
    longest_pause: timedelta = timedelta(0)


def habit_of(published: Iterable[datetime | None], now: datetime) -> Habit:
    """Return the publishing habit of a feed whose entries have these dates, in any order.

    A date in the future counts as `now`, but is ignored if it is further in the future than a wrong time zone
    explains. A long pause next to only a few of the oldest or newest entries is ignored if the other pauses are much
    shorter, because such entries are probably pinned.
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
    """Return the date, or `now` if the date is later; None if it is later than a wrong time zone can explain."""
    return None if published > now + FURTHEST_ZONE else min(published, now)


def freeze_limit(habit: Habit, at_least: timedelta) -> timedelta:
    """Return the time without new entries after which the feed counts as frozen."""
    return max(at_least, min(FAR_LONGER * habit.longest_pause, LONGEST_FREEZE_LIMIT))
