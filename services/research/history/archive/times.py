"""Converts times of news archives to UTC without guessing.

A time without an offset can mean any of 24 hours, and a day without a time of day could date an article before it was
written. Both would let a backtest read tomorrow's news, so such times are refused unless an option states the zone.
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
_SHEET_DAY = re.compile(r"[345]\d{4}(?:\.\d{1,20})?", re.ASCII)  # days since 1900: 1982 to 2064
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class TimeFormat(StrEnum):
    """The formats in which times can be written."""

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
    """A time, and so probably every time of the file, cannot be converted without an option; the message names it."""


@dataclass(frozen=True, slots=True)
class TimeReader:
    """Reads the times of one archive.

    Attributes:
        style: the format of the times: text (ISO 8601, RFC 5322, or with the month as a word; 03/04/2021 only if the
            style states whether day or month is first), or seconds, milliseconds or microseconds since 1970 in UTC.
        zone: the zone of times without an offset; if None, such times are refused. A local time that occurs twice or
            not at all because of summer time is taken as the later of its two readings, so that news is never dated
            before it was known.
    """

    style: TimeFormat = TimeFormat.TEXT
    zone: ZoneInfo | None = None

    def __call__(self, text: str) -> datetime:
        """Return the instant in UTC.

        Raises:
            UnplacedTimeError: the time has no offset and no zone is stated; its zone name is ambiguous and the stated
                zone does not settle it; it is a day without a time of day; or it is a date in numbers in another
                order than stated.
            ValueError: the text is not a time, or the time lies before crypto news existed.
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
                # The stated zone settles a name that it uses itself, such as CST in America/Chicago or Asia/Shanghai.
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
    """Return the zone of that name. Raises StopProgram if there is no such zone."""
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
    """Return the exact number of microseconds since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def from_microseconds(number: int) -> datetime:
    """Return the UTC instant that lies `number` microseconds after the start of 1970."""
    return _EPOCH + number * _MICROSECOND
