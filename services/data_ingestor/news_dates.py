"""Dates of feeds, read without guessing.

feedparser takes the first pattern that fits a part of the text: it drops AM and PM, reads a number of seconds as a
year, and takes a zone that it does not know for UTC. Such an article counts as hours or years old and is never
published. Here a date is understood whole or not at all.
"""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from services.common.zones import read_offset

EARLIEST = datetime(2009, 1, 3, tzinfo=UTC)
"""Bitcoin's first block. An older date is what a program writes that has none: year 1, 1970."""
FURTHEST_WEST = timedelta(hours=12)
"""No clock on Earth shows an earlier time than UTC-12, so no instant is later than its local time and this."""
LONGEST_TEXT = 100

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS = re.compile(r"\d{10}(?:\.\d{1,9})?", re.ASCII)
_MILLISECONDS = re.compile(r"\d{13}", re.ASCII)
_COMPACT = re.compile(r"\b(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)?", re.ASCII)
_TIME = re.compile(
    r"(?<![\d:+-])(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,]\d{1,9})?)?(?![\d:])"
    r"(?:\s*(?P<half>[ap])\.?m\b\.?)?",
    re.ASCII | re.IGNORECASE,
)
_ZONE = re.compile(
    r"\s*((?:(?:UTC|GMT|UT)\s?)?[+-]\d\d?(?::?\d\d)?(?!\d)(?:\s[A-Z]+\b)?(?:\s?\([^()]*\))?"
    r"|[A-Z]+(?:/[A-Z_]+)*(?:\s?\([^()]*\))?|\([^()]*\))(?:\[[A-Z_/]+\])?",
    re.ASCII | re.IGNORECASE,
)
_FILLING = re.compile(r"[,\s]+|\bat\b|(?<=\d)T(?=\s|$)|(?<=\d)(?:st|nd|rd|th)\b", re.ASCII | re.IGNORECASE)
_WEEKDAY = re.compile(r"(mon|tue|wed|thu|fri|sat|sun)[a-z]*\.? ", re.IGNORECASE)
_YEAR_FIRST = re.compile(r"(\d{4})[-/.年] ?(\d\d?)[-/.月] ?(\d\d?)日?", re.ASCII)
_DAY_FIRST = re.compile(r"(\d\d?)[ -]?([A-Za-z]{3,9})\.?[ -]?(\d{4}|\d\d)", re.ASCII)
_MONTH_FIRST = re.compile(r"([A-Za-z]{3,9})\.? (\d\d?) (\d{4})", re.ASCII)
_DOTTED = re.compile(r"(\d\d?)\. ?(\d\d?)\. ?(\d{4})", re.ASCII)
_EITHER_FIRST = re.compile(r"(\d\d?)[/-](\d\d?)[/-](\d{4})", re.ASCII)
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_SHORT = {name[:3]: number for number, name in enumerate(_MONTHS, 1)} | {"sept": 9}
_MONTH_NUMBERS = _SHORT | {name: number for number, name in enumerate(_MONTHS, 1)}
_CENTURY, _LAST_YEAR_OF_2000S = 100, 50
_NOON, _MIDNIGHT, _LEAP_SECOND = 12, 24, 60
_DAY = timedelta(days=1)


class FeedDate(NamedTuple):
    """What a date says.

    Attributes:
        exact: the instant in UTC; None unless the whole text is understood, with its zone.
        no_later_than: where day and time are understood but not the zone, or the order of day and month: the last
            instant in UTC that it can mean.
    """

    exact: datetime | None = None
    no_later_than: datetime | None = None


def read_date(text: str) -> FeedDate:
    """The date of an entry. Never raises; nothing of a text that is not understood."""
    text = " ".join(unicodedata.normalize("NFKC", text[: LONGEST_TEXT + 1]).replace("\u2212", "-").split())
    if not text or len(text) > LONGEST_TEXT:
        return FeedDate()
    try:
        found = _epoch(text) or _calendar(text)
    except (ValueError, OverflowError):
        return FeedDate()
    instant = found.exact or found.no_later_than
    return found if instant is not None and instant >= EARLIEST else FeedDate()


def _epoch(text: str) -> FeedDate | None:
    if _SECONDS.fullmatch(text):
        return FeedDate(_EPOCH + timedelta(seconds=float(text)))
    if _MILLISECONDS.fullmatch(text):
        return FeedDate(_EPOCH + timedelta(milliseconds=int(text)))
    return None


def _calendar(text: str) -> FeedDate:
    text = _COMPACT.sub(lambda found: "{}-{}-{}T{}:{}:{}".format(*found.groups("00")), text)
    clock = _TIME.search(text)
    if clock is None:
        return FeedDate(None, max(_days(text)) + _DAY + FURTHEST_WEST)
    zone = _ZONE.match(text, clock.end())
    rest = text[: clock.start()] + " " + text[zone.end() if zone else clock.end() :]
    moments = [day + _time_of_day(clock) for day in _days(rest)]
    offset = _offset(zone)
    if offset is None:
        return FeedDate(None, max(moments) + FURTHEST_WEST)
    latest = max(moments) - offset
    return FeedDate(latest) if len(moments) == 1 else FeedDate(None, latest)


def _time_of_day(clock: re.Match[str]) -> timedelta:
    hour, minute, second = (int(clock[part] or 0) for part in ("hour", "minute", "second"))
    if half := clock["half"]:
        if not 1 <= hour <= _NOON:
            raise ValueError("no hour of a 12-hour clock")
        hour = hour % _NOON + (_NOON if half.lower() == "p" else 0)
    of_day = timedelta(hours=hour, minutes=minute, seconds=second)
    # A leap second is the next minute's first; 24:00 is the next day's 0:00.
    if minute >= _LEAP_SECOND or second > _LEAP_SECOND or (hour >= _MIDNIGHT and of_day != _DAY):
        raise ValueError("no time of a day")
    return of_day


def _offset(zone: re.Match[str] | None) -> timedelta | None:
    """The offset from UTC; None if there is none or it is not known."""
    try:
        return read_offset(zone[1]) if zone else None
    except ValueError:
        return None


def _days(text: str) -> list[datetime]:
    """The days that a text can mean, as midnights in UTC. Raises ValueError if it is none or its weekday is another."""
    text = " ".join(_FILLING.sub(" ", text).split())
    weekday = _WEEKDAY.match(text)
    text = text[weekday.end() :] if weekday else text
    days = list(_readings(text))
    if weekday:
        # At New Year it is the year that is wrong, not the weekday: then the date is a year too early.
        days = [day for day in days if _WEEKDAYS[day.weekday()] == weekday[1].lower()]
    if not days:
        raise ValueError("no day")
    return [datetime(day.year, day.month, day.day, tzinfo=UTC) for day in days]


def _readings(text: str) -> Iterator[date]:
    if found := _YEAR_FIRST.fullmatch(text):
        yield date(int(found[1]), int(found[2]), int(found[3]))
    elif found := _DAY_FIRST.fullmatch(text):
        yield date(_year(found[3]), _month(found[2]), int(found[1]))
    elif found := _MONTH_FIRST.fullmatch(text):
        yield date(int(found[3]), _month(found[1]), int(found[2]))
    elif found := _DOTTED.fullmatch(text):
        yield date(int(found[3]), int(found[2]), int(found[1]))
    elif found := _EITHER_FIRST.fullmatch(text):
        one, other, year = int(found[1]), int(found[2]), int(found[3])
        for month, day in {(one, other), (other, one)}:
            if month <= len(_MONTHS) and day <= calendar.monthrange(year, month)[1]:
                yield date(year, month, day)


def _month(name: str) -> int:
    number = _MONTH_NUMBERS.get(name.lower())
    if number is None:
        raise ValueError("no month")
    return number


def _year(digits: str) -> int:
    year = int(digits)
    if year >= _CENTURY:
        return year
    return year + (2000 if year < _LAST_YEAR_OF_2000S else 1900)  # as RFC 2822 says
