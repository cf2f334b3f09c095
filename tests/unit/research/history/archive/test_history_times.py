"""Times of archives become UTC, and none is guessed."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from services.common.errors import StopProgram
from services.research.history.archive.times import (
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


@pytest.mark.parametrize(
    ("style", "text"),
    [
        ("seconds", "1746080439"),
        ("seconds", "1746080439.0"),
        ("seconds", "1746080438.9999999"),
        ("milliseconds", "1746080439000"),
        ("microseconds", "1746080439000000"),
    ],
)
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


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("Wed Dec 01 2021 10:00:00 GMT-0500 (Eastern Standard Time)", 15),
        ("Dec 1, 2021, 10:00 PM", 22),
        ("Wed, 01 Dec 2021 10:00:00 -05:00", 15),
        ("Wed, 01 Dec 2021 10:00:00 HST", 20),
        ("2021-12-01 10:00:00 UTC+9", 1),
        ("2021-12-01T10:00:00\u221205:00", 15),
        ("2021-12-01 12:30 AM", 0),
    ],
)
def test_offsets_and_halves_of_the_day_count_wherever_they_stand(text: str, hour: int) -> None:
    moment = TimeReader(zone=ZoneInfo("UTC"))(text)
    assert moment.replace(minute=0) == datetime(2021, 12, 1, hour, tzinfo=UTC)


def test_the_name_of_several_zones_is_refused_unless_the_stated_zone_goes_by_it() -> None:
    text = "Wed, 01 Dec 2021 10:00:00 CST"
    for zone in (None, ZoneInfo("UTC")):
        with pytest.raises(UnplacedTimeError, match=r"CST is the name of several zones.*--timezone"):
            TimeReader(zone=zone)(text)
    assert TimeReader(zone=ZoneInfo("America/Chicago"))(text).hour == 16
    assert TimeReader(zone=ZoneInfo("Asia/Shanghai"))(text).hour == 2


def test_a_zone_that_is_not_known_is_an_error_whatever_zone_is_stated() -> None:
    with pytest.raises(ValueError, match="'XYZ' is no zone whose offset is known"):
        TimeReader(zone=ZoneInfo("UTC"))("Wed, 01 Dec 2021 10:00:00 XYZ")


def test_dates_in_numbers_are_refused_until_the_style_says_their_order() -> None:
    with pytest.raises(UnplacedTimeError, match=r"--times month-first.*day-first"):
        TimeReader(zone=ZoneInfo("UTC"))("03/04/2021 13:00")
    american = TimeReader(TimeFormat.MONTH_FIRST, ZoneInfo("UTC"))
    assert american("3/4/2021 1:00 PM") == datetime(2021, 3, 4, 13, tzinfo=UTC)
    assert american("2021-03-04T13:00:00Z") == datetime(2021, 3, 4, 13, tzinfo=UTC)
    with pytest.raises(UnplacedTimeError, match="--times day-first"):
        american("31/12/2021 13:00")


def test_a_number_is_refused_with_the_option_that_says_what_it_counts() -> None:
    with pytest.raises(ValueError, match=r"--times .*seconds, milliseconds"):
        TimeReader()("1746080439")


def test_an_hour_that_a_clock_shows_twice_is_the_later_one() -> None:
    reader = TimeReader(zone=ZoneInfo("America/New_York"))
    assert reader("2025-11-02T01:30:00") == datetime(2025, 11, 2, 6, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "1746080439",
        "0001-01-01T00:00:00+09:00",
        "9999-12-31T23:59:59-09:00",
        "2025-13-01T00:00:00Z",
        "1999-01-01T00:00:00Z",
    ],
)
def test_what_is_no_time_of_crypto_news_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        TimeReader()(text)


@pytest.mark.parametrize(
    "text",
    ["nan", "inf", "1e30", "soon", "1_746_080_439", "-1746080439", "99999999999999999999", "2025-05-01"],
)
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


@pytest.mark.parametrize("text", ["44197", "44197.5", "40179.75"])
def test_the_number_of_a_day_in_a_spreadsheet_is_called_so(text: str) -> None:
    with pytest.raises(ValueError, match="number of a day as spreadsheets count"):
        TimeReader()(text)
