"""Reads moments in the past as people type them: 14:05, yesterday 14:05, 2h ago, 2026-11-28 14:05 +01:00."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from services.common.errors import StopProgram
from services.common.times.written_times import NoClockError, read_written_time
from services.common.times.zones import read_offset

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_AGO = re.compile(r"-?(?P<number>\d{1,6}(?:\.\d+)?)\s*(?P<unit>m|h|d)[a-z]*(?:\s+ago)?", re.IGNORECASE)
_CLOCK = re.compile(
    r"(?:(?P<day>today|yesterday|(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*),?\s+(?:at\s+)?)?"
    r"(?P<hour>\d{1,2})[:.h](?P<minute>\d\d)(?::(?P<second>\d\d))?\s*(?P<half>[ap]m)?\s*(?P<zone>\S.*)?",
    re.IGNORECASE,
)
_NOON = 12
_SHORTEST_DAY = 3  # letters
HOW = (
    "write for example 14:05, 'yesterday 14:05', '2h ago', '2026-11-28 14:05' or '14:05 +02:00'; "
    "without a zone it is UTC"
)


def read_moment(text: str, now: datetime) -> datetime:
    """The instant in UTC that a text names. A time without a zone is UTC; one without a day is the last one there was.

    Raises:
        StopProgram: the text is not understood, or names a moment in the future.
    """
    text = " ".join(text.split())
    try:
        moment = _read(text, now)
    except (ValueError, OverflowError) as error:
        raise StopProgram(f"TIME {text!r} is not understood ({error}): {HOW}") from None
    if moment > now:
        raise StopProgram(
            f"TIME {text!r} is {moment:%Y-%m-%d %H:%M} UTC, in the future; now it is {now:%H:%M} UTC"
        )
    return moment


def _read(text: str, now: datetime) -> datetime:
    if text.lower() == "now":
        return now
    if ago := _AGO.fullmatch(text):
        return now - float(ago["number"]) * _UNITS[ago["unit"].lower()]
    if clock := _CLOCK.fullmatch(text):
        return _last(clock, now)
    try:
        written = read_written_time(text)
    except NoClockError:
        raise ValueError("it has no time of day") from None
    return written.utc() if written.zone else written.local.replace(tzinfo=UTC)


def _last(clock: re.Match[str], now: datetime) -> datetime:
    """The last moment until now that has this time of day, and this day if one is named."""
    hour = int(clock["hour"])
    if half := clock["half"]:
        if not 1 <= hour <= _NOON:
            raise ValueError("its hour is outside of 1 to 12")
        hour = hour % _NOON + (_NOON if half.lower() == "pm" else 0)
    offset = read_offset(clock["zone"]) if clock["zone"] else timedelta(0)
    there = now + offset  # the local time of the zone
    moment = there.replace(
        hour=hour, minute=int(clock["minute"]), second=int(clock["second"] or 0), microsecond=0
    )
    return moment - _days_back(clock["day"], moment, there) - offset


def _days_back(day: str | None, moment: datetime, there: datetime) -> timedelta:
    if day is None:
        return timedelta(days=moment > there)
    name = day.lower()
    if name in {"today", "yesterday"}:
        return timedelta(days=name == "yesterday")
    number = next((n for n, each in enumerate(_DAYS) if each.startswith(name) or name == each[:4]), None)
    if number is None:
        raise ValueError(f"{day} is no day")
    back = (there.weekday() - number) % len(_DAYS)
    return timedelta(days=back + (len(_DAYS) if back == 0 and moment > there else 0))
