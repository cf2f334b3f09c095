"""Times of archives become UTC, and none is guessed."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from services.common.errors import StopProgram
from services.research.history.times import (
    TimeFormat,
    TimeReader,
    UnplacedTimeError,
    from_microseconds,
    to_microseconds,
    zone_of,
)

AT = datetime(2025, 5, 1, 6, 20, 39, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2025-05-01T06:20:39Z",
        "2025-05-01T06:20:39+00:00",
        "2025-05-01 06:20:39 UTC",
        "2025-05-01 06:20:39+00",
        "2025-05-01T02:20:39-04:00",
        "Thu, 01 May 2025 06:20:39 GMT",
        "Thu, 01 May 2025 15:20:39 +0900",
    ],
)
def test_a_time_with_an_offset_becomes_utc(text: str) -> None:
    assert TimeReader()(text) == AT


@pytest.mark.parametrize(("style", "text"), [("seconds", "1746080439"), ("milliseconds", "1746080439000")])
def test_seconds_since_1970_are_utc(style: str, text: str) -> None:
    assert TimeReader(TimeFormat(style))(text) == AT


def test_a_time_without_an_offset_is_refused_until_the_zone_is_stated() -> None:
    with pytest.raises(UnplacedTimeError, match="--timezone"):
        TimeReader()("2025-05-01T08:20:39")
    assert TimeReader(zone=ZoneInfo("Europe/Berlin"))("2025-05-01T08:20:39") == AT


def test_a_zone_does_not_change_times_that_have_an_offset() -> None:
    assert TimeReader(zone=ZoneInfo("Asia/Tokyo"))("2025-05-01T06:20:39Z") == AT


def test_a_day_without_a_time_is_refused_even_with_a_zone() -> None:
    with pytest.raises(UnplacedTimeError, match="day without a time"):
        TimeReader(zone=ZoneInfo("UTC"))("2025-05-01")


def test_an_hour_that_a_clock_shows_twice_is_the_later_one() -> None:
    reader = TimeReader(zone=ZoneInfo("America/New_York"))
    assert reader("2025-11-02T01:30:00") == datetime(2025, 11, 2, 6, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", "yesterday", "1746080439", "2025-13-01T00:00:00Z", "1999-01-01T00:00:00Z"]
)
def test_what_is_no_time_of_crypto_news_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        TimeReader()(text)


@pytest.mark.parametrize("text", ["nan", "inf", "1e30", "soon"])
def test_what_is_no_number_of_seconds_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="no number of seconds"):
        TimeReader(TimeFormat.SECONDS)(text)


@pytest.mark.parametrize("name", ["Mars/Base", "../etc/passwd", "CEST+2"])
def test_an_unknown_zone_stops_the_program(name: str) -> None:
    with pytest.raises(StopProgram, match="no such zone"):
        zone_of(name)


def test_microseconds_survive_the_way_there_and_back() -> None:
    moment = AT.replace(microsecond=123_457)
    assert from_microseconds(to_microseconds(moment)) == moment
