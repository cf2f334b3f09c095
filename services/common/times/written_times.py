"""Reads a date, a time of day and the offset after it from text, and refuses what it does not fully understand.

Feeds and news archives write times in a few dozen ways. If only a part of a time were
read, without the rest (an offset, PM), news could be dated hours before it was known. So a text is read as a whole or
not at all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from services.common.times.zones import read_offset

EARLIEST = datetime(2009, 1, 3, tzinfo=UTC)
"""The time of Bitcoin's first block. Programs write older times, such as year 1 or 1970, if they have no time."""

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_WEEKDAY = (
    r"(?:(?P<weekday>mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:rs?(?:day)?)?|fri(?:day)?"
    r"|sat(?:urday)?|sun(?:day)?)\.?,?\s)?"
)
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_CLOCK = (
    r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"(?:\s?(?P<half>[ap])(?:m(?![a-z])|\.\s?m\.))?"
)
_COMPACT_CLOCK = r"(?P<hour>\d\d)(?P<minute>\d\d)(?:(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,9}))?)?"
_CLOCK_ZONE = rf"{_CLOCK}\s?(?P<zone>.*)"
_THEN_CLOCK = rf"(?:,?\s(?:at\s)?{_CLOCK_ZONE})?"
_SHAPES = tuple(
    re.compile(shape, re.IGNORECASE | re.ASCII)
    for shape in (
        rf"(?P<year>\d{{4}})(?P<mark>[-/.])(?P<number>\d{{1,2}})(?P=mark)(?P<day>\d{{1,2}})(?:(?:T|,?\s){_CLOCK_ZONE})?",
        rf"(?P<year>\d{{4}})(?P<number>\d\d)(?P<day>\d\d)T{_COMPACT_CLOCK}\s?(?P<zone>.*)",
        rf"(?P<year>\d{{4}})\u5e74\s?(?P<number>\d{{1,2}})\u6708\s?(?P<day>\d{{1,2}})\u65e5(?:\s?{_CLOCK_ZONE})?",
        rf"{_WEEKDAY}{_DAY}(?P<mark>[ -]){_MONTH}(?P=mark)(?P<year>\d{{4}}|\d\d){_THEN_CLOCK}",
        rf"{_WEEKDAY}{_MONTH}\s{_DAY},?\s(?P<year>\d{{4}}){_THEN_CLOCK}",
        rf"{_WEEKDAY}{_MONTH}\s{_DAY}\s{_CLOCK}\s?(?P<zone>[^\d\s]\S*)?\s(?P<year>\d{{4}})",
    )
)
_NUMERIC = re.compile(
    rf"{_WEEKDAY}(?P<first>\d{{1,2}})(?P<mark>[-/.])(?P<then>\d{{1,2}})(?P=mark)(?P<year>\d{{4}}|\d\d){_THEN_CLOCK}",
    re.IGNORECASE | re.ASCII,
)
_NOON = 12
_HOURS, _SIXTY = 24, 60
_SHORT_YEAR = 2  # digits


class Order(StrEnum):
    """Which number comes first in a date that is written in numbers and has its year last: 03/04/2021."""

    MONTH_FIRST = "month-first"
    DAY_FIRST = "day-first"


class NoClockError(ValueError):
    """The text has a date without a time of day."""


class OrderError(ValueError):
    """A date in numbers that cannot be read in the given `Order`, or for which no `Order` is given."""

    def __init__(self, text: str, problem: str, *, year_is_short: bool) -> None:
        super().__init__(f"{text[:60]!r} {problem}")
        self.year_is_short = year_is_short


@dataclass(frozen=True, slots=True)
class WrittenTime:
    """The date and time of day that a text states, without an offset, and its zone as it is written, or empty."""

    local: datetime
    zone: str

    def utc(self) -> datetime:
        """Return the instant. Raises ValueError if the zone is missing, unknown or ambiguous: see `read_offset`."""
        try:
            return (self.local - read_offset(self.zone)).replace(tzinfo=UTC)
        except OverflowError:
            raise ValueError(f"{self.local} {self.zone} is outside the calendar in UTC") from None


def read_written_time(text: str, order: Order | None = None) -> WrittenTime:
    """Read a time in ISO 8601, in RFC 5322 or with the month as a word. Other dates in numbers need an `order`.

    The time of day may have 24 hours, or 12 with AM or PM. 24:00 means the end of the day, and a leap second is read
    as the second after it. A week day in the text must match the date. A year of two digits is in this century, and
    needs an order or a week day. The zone is returned as it is written.

    Raises:
        NoClockError: the text has no time of day.
        OrderError: a date such as 03/04/2021 cannot be read in this order, or no order is given.
        ValueError: the text is not understood as a whole.
    """
    text = " ".join(text.split())
    found = next(filter(None, (shape.fullmatch(text) for shape in _SHAPES)), None)
    if found is not None:
        parts = found.groupdict()
        month = parts.get("number") or _MONTHS.index(parts["month"][:3].lower()) + 1
        day = _day(text, parts, int(month), int(parts["day"]), order)
    elif found := _NUMERIC.fullmatch(text):
        parts = found.groupdict()
        day = _numeric_day(text, parts, order)
    else:
        raise ValueError(
            f"{text[:60]!r} is no time that is understood as a whole, such as 2025-05-01T06:20:39Z"
        )
    if parts["hour"] is None:
        raise NoClockError(f"{text[:60]!r} is a day without a time")
    return WrittenTime(_at(text, day, parts), parts["zone"] or "")


def _day(text: str, parts: Mapping[str, str | None], month: int, day: int, order: Order | None) -> date:
    year, weekday = parts["year"] or "", parts.get("weekday")
    if len(year) == _SHORT_YEAR:
        # The year comes last if the order says so, or a day of the week confirms it.
        if not (order or weekday):
            raise ValueError(f"{text[:60]!r} has a year of two digits; expected four")
        year = f"20{year}"
    try:
        read = date(int(year), month, day)
    except ValueError:
        raise ValueError(f"{text[:60]!r} is no day of the calendar") from None
    if weekday and _WEEKDAYS[read.weekday()] != weekday[:3].lower():
        raise ValueError(f"{text[:60]!r} names another day of the week than its date has")
    return read


def _numeric_day(text: str, parts: Mapping[str, str | None], order: Order | None) -> date:
    first, then = int(parts["first"] or 0), int(parts["then"] or 0)
    year_is_short = len(parts["year"] or "") == _SHORT_YEAR
    if order is None:
        raise OrderError(text, "does not tell its day from its month", year_is_short=year_is_short)
    month, day = (first, then) if order is Order.MONTH_FIRST else (then, first)
    if month > len(_MONTHS):
        problem = f"is no {order} date: there is no month {month}"
        raise OrderError(text, problem, year_is_short=year_is_short)
    return _day(text, parts, month, day, order)


def _at(text: str, day: date, parts: Mapping[str, str | None]) -> datetime:
    hour, minute, second = (int(parts[name] or 0) for name in ("hour", "minute", "second"))
    fraction = int((parts["fraction"] or "").ljust(9, "0"))
    if half := parts.get("half"):
        if not 1 <= hour <= _NOON:
            raise ValueError(f"{text[:60]!r} has an hour outside 1 to 12 before am or pm")
        hour = hour % _NOON + (_NOON if half.lower() == "p" else 0)
    ends_the_day = hour == _HOURS and not half and not (minute or second or fraction)
    is_leap_second = minute == _SIXTY - 1 and second == _SIXTY
    if not (hour < _HOURS or ends_the_day) or minute >= _SIXTY or (second >= _SIXTY and not is_leap_second):
        raise ValueError(f"{text[:60]!r} has a time of day outside 00:00:00 to 24:00:00")
    # A part of a microsecond is rounded up: news is never dated before it was known.
    past = timedelta(hours=hour, minutes=minute, seconds=second, microseconds=-(-fraction // 1000))
    try:
        return datetime.combine(day, time()) + past
    except OverflowError:
        raise ValueError(f"{text[:60]!r} is outside the calendar") from None
