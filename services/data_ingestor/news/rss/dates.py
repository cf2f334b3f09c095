"""Parses the dates of feeds without guessing.

feedparser uses the first pattern that matches a part of the text. So feedparser drops AM and PM, reads a number of
seconds as a year, and treats an unknown time zone as UTC. An article with such a date would count as hours or years
old and would never be published. Here a date is used only if its whole text can be parsed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from services.common.times.written_times import (
    EARLIEST,
    NoClockError,
    Order,
    OrderError,
    WrittenTime,
    read_written_time,
)

FURTHEST_WEST = timedelta(hours=12)
"""A local time that is read as UTC is at most this much too early. The westernmost time zone is UTC-12."""
LONGEST_TEXT = 100

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS = re.compile(r"\d{10}(?:\.\d{1,9})?", re.ASCII)
_MILLISECONDS = re.compile(r"\d{13}", re.ASCII)
_PLACE_BEHIND_OFFSET = re.compile(r"(?<=\d)\[[A-Za-z_/]+\]$")
# Any other text after a time may belong to it: "3:00 in the afternoon".
_MAY_BE_A_ZONE = re.compile(
    r"(?:[A-Z]{1,5}|[A-Z_]+/[A-Z_/]+|(?:UTC|GMT|UT)?\s?[+-]\d\d?:?(?:\d\d)?)?(?:\s?\([^()]*\)|\s[A-Z]{2,5})?",
    re.ASCII | re.IGNORECASE,
)


class FeedDate(NamedTuple):
    """A parsed date.

    Attributes:
        exact: the time in UTC; None unless the whole text, with its time zone, could be parsed.
        no_later_than: the latest time in UTC that the date can mean if its time zone, or the order of day and month,
            is unknown; else None.
    """

    exact: datetime | None = None
    no_later_than: datetime | None = None


def read_date(text: str) -> FeedDate:
    """Parse the date of an entry. Never raises; both fields of the result are None if the text cannot be parsed."""
    text = " ".join(unicodedata.normalize("NFKC", text[: LONGEST_TEXT + 1]).split())
    if not text or len(text) > LONGEST_TEXT:
        return FeedDate()
    try:
        found = _epoch(text) or _calendar(_PLACE_BEHIND_OFFSET.sub("", text))
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
    readings = list(_readings(text))
    latest = max(readings, key=lambda reading: reading.local)
    try:
        instant = latest.utc()
    except ValueError:
        if not _MAY_BE_A_ZONE.fullmatch(latest.zone):
            raise
        return FeedDate(None, latest.local.replace(tzinfo=UTC) + FURTHEST_WEST)
    return FeedDate(instant) if len(readings) == 1 else FeedDate(None, instant)


def _readings(text: str) -> Iterator[WrittenTime]:
    """Return the times that a text can mean.

    There are two times if the order of day and month is unknown. If the text has no time of day, the end of the day
    is returned.
    """
    try:
        yield read_written_time(text)
    except NoClockError:
        yield read_written_time(f"{text} 24:00")
    except OrderError as error:
        if error.year_is_short:  # the first number may be the year
            raise
        orders = [reading for order in Order if (reading := _in_order(text, order))]
        yield from dict.fromkeys(orders)


def _in_order(text: str, order: Order) -> WrittenTime | None:
    try:
        return read_written_time(text, order)
    except ValueError:
        return None
