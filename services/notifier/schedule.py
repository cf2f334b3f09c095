"""When a brief is due, by a clock on the wall in the zone of choice. Pure.

A brief belongs to a local day, and nobody gets that of the same day twice, whatever the clock does. The newest one that
is due is the only one that is still sent late.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.common.history.notifying.rows import BriefKind

_LENGTH = {BriefKind.DAILY: timedelta(days=1), BriefKind.WEEKLY: timedelta(days=7)}
_SUNDAY = 6


@dataclass(frozen=True, slots=True)
class Due:
    """A brief that is due.

    Attributes:
        day: the local day to which it belongs.
        since: when the brief before it was due, which is where it begins.
        at: when it was due. Both are instants in UTC.
    """

    kind: BriefKind
    day: date
    since: datetime
    at: datetime


def newest_due(kind: BriefKind, at: time, zone: str, now: datetime) -> Due:
    """Return the newest brief whose time has come, whether it was sent or not.

    Args:
        kind: the daily brief, or the weekly one of Sunday.
        at: the local time of day. If the clocks are set forward over it, the brief is due as long after the change as
            it would be without one; if it comes twice, the brief is due the first time.
        zone: the name of a time zone.
        now: the present instant.
    """
    local = ZoneInfo(zone)
    day = now.astimezone(local).date()
    while (kind is BriefKind.WEEKLY and day.weekday() != _SUNDAY) or _instant(day, at, local) > now:
        day -= timedelta(days=1)
    return Due(kind, day, _instant(day - _LENGTH[kind], at, local), _instant(day, at, local))


def to_be_sent(due: Due, was_made: Callable[[BriefKind, date], bool], begun: datetime) -> bool:
    """Whether a brief that is due is to be sent now.

    Args:
        due: the newest one that is due.
        was_made: whether the brief of a day was made before.
        begun: when this system notified for the first time. What was due before that was missed by nobody.
    """
    return due.at >= begun and not was_made(due.kind, due.day)


def _instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at.replace(tzinfo=None), zone).astimezone(UTC)
