"""Converts times of news archives to UTC without guessing.

A time without an offset could be any of 24 hours, and a day without a time could put an article before it was
written: both would let a backtest read tomorrow's news, so they are refused unless the zone is stated.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from services.common.errors import StopProgram
from services.common.times.written_times import EARLIEST, NoClockError, Order, OrderError, read_written_time
from services.common.times.zones import AmbiguousZoneError, read_offset

_NUMBER = re.compile(r"\d{1,20}(?:\.\d{1,20})?", re.ASCII)
_SHEET_DAY = re.compile(r"[345]\d{4}(?:\.\d{1,20})?", re.ASCII)  # since 1900, from 1982 to 2064
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class TimeFormat(StrEnum):
    """How times are written."""

    TEXT = "text"
    MONTH_FIRST = "month-first"
    DAY_FIRST = "day-first"
    SECONDS = "seconds"
    MILLISECONDS = "milliseconds"
    MICROSECONDS = "microseconds"


_ORDERS: Mapping[TimeFormat, Order | None] = {
    TimeFormat.TEXT: None,
    TimeFormat.MONTH_FIRST: Order.MONTH_FIRST,
    TimeFormat.DAY_FIRST: Order.DAY_FIRST,
}
_UNITS: Mapping[TimeFormat, int] = {
    TimeFormat.SECONDS: 1_000_000,
    TimeFormat.MILLISECONDS: 1_000,
    TimeFormat.MICROSECONDS: 1,
}


class UnplacedTimeError(ValueError):
    """A time that cannot be converted without an option, as probably all of the file; says which option."""


@dataclass(frozen=True, slots=True)
class TimeReader:
    """Reads the times of one archive.

    Attributes:
        style: text (ISO 8601, RFC 5322, or a month as a word; 03/04/2021 only where the style says which of the two
            is the month), or seconds, milliseconds or microseconds since 1970 in UTC.
        zone: the zone of times that have no offset; None refuses them. A time that a clock shows twice, or
            skips, when summer time changes is taken as the later of the two: never before it was known.
    """

    style: TimeFormat = TimeFormat.TEXT
    zone: ZoneInfo | None = None

    def __call__(self, text: str) -> datetime:
        """The instant in UTC.

        Raises:
            UnplacedTimeError: no offset, or a name of several zones, and no zone stated that settles it; a day
                without a time; a date in numbers in another order than stated.
            ValueError: not a time, or one before crypto news existed.
        """
        moment = self._number(text) if self.style in _UNITS else self._text(text)
        if moment < EARLIEST:
            raise ValueError(f"{text[:60]!r} lies before {EARLIEST.date()}")
        return moment

    def _number(self, text: str) -> datetime:
        if not _NUMBER.fullmatch(text):
            raise ValueError(f"{text[:60]!r} is no number of {self.style.value} since 1970")
        whole = (Decimal(text) * _UNITS[self.style]).to_integral_value(ROUND_CEILING)
        try:
            return from_microseconds(int(whole))
        except OverflowError:
            raise ValueError(f"{text[:60]!r} is no number of {self.style.value} since 1970") from None

    def _text(self, text: str) -> datetime:
        if _SHEET_DAY.fullmatch(text):
            raise ValueError(
                f"{text[:60]!r} is the number of a day as spreadsheets count; format that column as a date and time, "
                "such as 2025-05-01 06:20:39, and save it again"
            )
        if _NUMBER.fullmatch(text):
            units = ", ".join(_UNITS)
            raise ValueError(f"{text[:60]!r} is a number; say of what since 1970 with --times ({units})")
        try:
            written = read_written_time(text, _ORDERS[self.style])
        except NoClockError as error:
            raise UnplacedTimeError(
                f"{error}: news cannot be dated before it was known; "
                "expected a time such as 2025-05-01T06:20:39Z"
            ) from None
        except OrderError as error:
            raise UnplacedTimeError(
                f"{error}; say how the file writes dates with --times month-first (12/31/2021) "
                "or --times day-first (31/12/2021)"
            ) from None
        try:
            if not written.zone:
                return self._in_stated_zone(text, written.local)
            return (written.local - self._offset(text, written.local, written.zone)).replace(tzinfo=UTC)
        except OverflowError:
            raise ValueError(f"{text[:60]!r} is outside the calendar in UTC") from None

    def _in_stated_zone(self, text: str, local: datetime) -> datetime:
        if self.zone is None:
            raise UnplacedTimeError(
                f"{text[:60]!r} has no offset from UTC; expected a time such as 2025-05-01T06:20:39Z, "
                "or state the zone of the file, for example --timezone UTC"
            )
        return max(local.replace(tzinfo=self.zone, fold=fold).astimezone(UTC) for fold in (0, 1))

    def _offset(self, text: str, local: datetime, zone: str) -> timedelta:
        try:
            return read_offset(zone)
        except AmbiguousZoneError as error:
            if self.zone is not None:
                # The stated zone settles a name that its own clocks go by: CST in America/Chicago or Asia/Shanghai.
                for moment in (local.replace(tzinfo=self.zone, fold=fold) for fold in (1, 0)):
                    offset = moment.utcoffset()
                    if moment.tzname() == error.name and offset is not None:
                        return offset
            raise UnplacedTimeError(
                f"{text[:60]!r}: {error}; state which with --timezone, for example --timezone America/Chicago "
                "for the CST of the United States"
            ) from None
        except ValueError as error:
            raise ValueError(f"{text[:60]!r}: {error}") from None


def zone_of(name: str) -> ZoneInfo:
    """The zone of that name. Raises StopProgram if there is none."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError
        pass
    except KeyError:
        pass
    raise StopProgram(
        f"--timezone {name}: no such zone; write for example UTC, Europe/London or America/New_York"
    )


def to_microseconds(moment: datetime) -> int:
    """Microseconds since 1970, exactly."""
    return (moment - _EPOCH) // _MICROSECOND


def from_microseconds(number: int) -> datetime:
    """The UTC instant of so many microseconds since 1970."""
    return _EPOCH + number * _MICROSECOND
