"""Times of news archives, made UTC by rules that never guess.

A time without an offset could be any of 24 hours, and a day without a time could put an article before it was
written: both would let a backtest read tomorrow's news, so they are refused unless the zone is stated.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from services.common.errors import StopProgram

EARLIEST = datetime(2009, 1, 3, tzinfo=UTC)
"""When Bitcoin's first block was made: no crypto news is older."""

_DATE = re.compile(r"\d{4}-\d\d-\d\d\Z")
_DATE_AND_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
_UTC_NAMES = (" UTC", " GMT", " Z")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class TimeFormat(StrEnum):
    """How times are written."""

    TEXT = "text"
    SECONDS = "seconds"
    MILLISECONDS = "milliseconds"


class UnplacedTimeError(ValueError):
    """A time that the whole file is likely to be written in, and that no rule can place; says what is needed."""


@dataclass(frozen=True, slots=True)
class TimeReader:
    """Reads the times of one archive.

    Attributes:
        style: text (ISO 8601 or RFC 2822), or seconds or milliseconds since 1970 in UTC.
        zone: the zone of times that have no offset; None refuses them. A time that a clock shows twice, or
            skips, when summer time changes is taken as the later of the two: never before it was known.
    """

    style: TimeFormat = TimeFormat.TEXT
    zone: ZoneInfo | None = None

    def __call__(self, text: str) -> datetime:
        """The instant in UTC.

        Raises:
            UnplacedTimeError: no offset and no zone stated, or a day without a time.
            ValueError: not a time, or one before crypto news existed.
        """
        moment = self._text(text) if self.style is TimeFormat.TEXT else self._number(text)
        if moment < EARLIEST:
            raise ValueError(f"{text[:60]!r} lies before {EARLIEST.date()}")
        return moment

    def _number(self, text: str) -> datetime:
        try:
            number = float(text)
            unit = timedelta(seconds=1) if self.style is TimeFormat.SECONDS else timedelta(milliseconds=1)
            return _EPOCH + number * unit
        except (ValueError, OverflowError):
            raise ValueError(f"{text[:60]!r} is no number of {self.style.value} since 1970") from None

    def _text(self, text: str) -> datetime:
        if _DATE.match(text):
            raise UnplacedTimeError(
                f"{text!r} is a day without a time: news cannot be dated before it was known; "
                "expected a time such as 2025-05-01T06:20:39Z"
            )
        moment = _parsed(text)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
        if self.zone is None:
            raise UnplacedTimeError(
                f"{text[:60]!r} has no offset from UTC; expected a time such as 2025-05-01T06:20:39Z, "
                "or state the zone of the file, for example --timezone UTC"
            )
        return max(moment.replace(tzinfo=self.zone, fold=fold).astimezone(UTC) for fold in (0, 1))


def _parsed(text: str) -> datetime:
    if _DATE_AND_TIME.match(text):
        for name in _UTC_NAMES:
            if text.endswith(name):
                text = text.removesuffix(name) + "+00:00"
        return datetime.fromisoformat(text)
    try:
        return parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        raise ValueError(f"{text[:60]!r} is no time in ISO 8601 or RFC 2822") from None


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
