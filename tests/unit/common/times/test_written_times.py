"""Times in text are read as a whole, or refused: an offset, PM or a word that is left over would move the news."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.times.written_times import NoClockError, Order, OrderError, read_written_time
from services.common.times.zones import AmbiguousZoneError

AT = datetime(2021, 12, 1, 15, 0, tzinfo=UTC)
DAWN = AT.replace(year=2009, tzinfo=None)


@pytest.mark.parametrize(
    "text",
    [
        "2021-12-01T15:00:00Z",
        "2021-12-01T10:00:00-05:00",
        "2021-12-01T10:00:00-0500",
        "2021-12-01T10:00-05",
        "2021-12-01T10:00:00\u221205:00",
        "2021-12-01 15:00:00 UTC",
        "2021-12-02T00:00:00 UTC+9",
        "2021-12-02 00:00:00 +0900 JST",
        "2021-12-01T24:00:00+09:00",
        "2021-12-01 10:00:00 GMT-5",
        "2021-12-01 16:00 GMT+1",
        "2021-12-01T15:00:00.000000000Z",
        "2021-12-01T15:00:00,0Z",
        "20211201T150000Z",
        "20211201T1000-0500",
        "2021/12/01 15:00:00 GMT",
        "2021.12.01 15:00 Z",
        "2021年12月01日 15:00 UTC",
        "Wed Dec 01 2021 10:00:00 GMT-0500 (Eastern Standard Time)",
        "Wed Dec 01 2021 10:00:00 GMT-0500",
        "Wed, 01 Dec 2021 10:00:00 -05:00",
        "Wed, 01 Dec 2021 10:00:00 -0500",
        "Wed, 01 Dec 2021 10:00:00 -0500 (EST)",
        "Wed, 01 Dec 2021 10:00:00 EST",
        "Wed, 01 Dec 2021 05:00:00 HST",
        "Thu, 02 Dec 2021 00:00:00 JST",
        "Wed, 01 Dec 2021 03:00:00 PM GMT",
        "Wed, 1 Dec 21 15:00 GMT",
        "Wednesday, December 1st, 2021 at 10:00 AM EST",
        "Dec 1, 2021, 03:00 PM UTC",
        "Dec. 1, 2021 3:00 p.m. UTC",
        "1-Dec-2021 15:00:00 UTC",
        "Wed Dec  1 15:00:00 UTC 2021",
        "Wed Dec 1 10:00:00 EST 2021",
        "Dec 1, 2021, 3:00\u202fPM Z",
        "Wed, 01 Dec 2021 14:59:60 GMT",
    ],
)
def test_a_time_is_read_in_every_way_of_writing_it(text: str) -> None:
    assert read_written_time(text).utc() == AT


@pytest.mark.parametrize(
    ("text", "hour", "minute"),
    [("12:30 AM", 0, 30), ("12:30 PM", 12, 30), ("1:05 am", 1, 5), ("11:59 P.M.", 23, 59), ("9:00", 9, 0)],
)
def test_a_clock_of_twelve_hours_begins_with_twelve(text: str, hour: int, minute: int) -> None:
    written = read_written_time(f"Dec 1, 2021 {text}")
    assert (written.local.isoformat(" ", "minutes"), written.zone) == (
        f"2021-12-01 {hour:02}:{minute:02}",
        "",
    )


def test_a_date_in_numbers_is_read_only_in_the_stated_order() -> None:
    third_of_april, fourth_of_march = "2021-04-03T13:30:00", "2021-03-04T13:30:00"
    assert read_written_time("03/04/2021 1:30 PM", Order.MONTH_FIRST).local.isoformat() == fourth_of_march
    assert read_written_time("3/4/21 13:30", Order.MONTH_FIRST).local.isoformat() == fourth_of_march
    assert read_written_time("3-Apr-21 13:30", Order.DAY_FIRST).local.isoformat() == third_of_april
    assert read_written_time("03.04.2021 13:30", Order.DAY_FIRST).local.isoformat() == third_of_april
    assert read_written_time("2021-03-04 13:30", Order.DAY_FIRST).local.isoformat() == fourth_of_march
    with pytest.raises(OrderError, match="day from its month"):
        read_written_time("25/12/2021 13:30")
    with pytest.raises(OrderError, match="no month-first date: there is no month 25"):
        read_written_time("25/12/2021 13:30", Order.MONTH_FIRST)


@pytest.mark.parametrize("text", ["2021-12-01", "Dec 1, 2021", "Wed, 01 Dec 2021", "2021年12月01日"])
def test_a_day_without_a_time_has_an_error_of_its_own(text: str) -> None:
    with pytest.raises(NoClockError, match="day without a time"):
        read_written_time(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "1638370800",
        "2021-W48-3T15:00:00Z",
        "2021-335T15:00:00Z",
        "2021-13-01T15:00:00Z",
        "2021-12/01 15:00 Z",
        "2021-12-01T25:00:00Z",
        "2021-12-01T24:00:01Z",
        "2021-12-01T15:60:00Z",
        "2021-12-01T15:00:60Z",
        "2021-12-01 15:00 PM UTC",
        "2021-12-01 00:30 AM UTC",
        "01 Dec 21 15:00 GMT",
        "Thu, 01 Dec 2021 15:00:00 GMT",
        "Wed, 01 Dez 2021 15:00:00 GMT",
        "Wed, 31 Nov 2021 15:00:00 GMT",
        "2021-12-01T15:00:00Z (updated)x",
        "2021-12-01T15:00:00Z and more",
        "2021-12-01T15:00:00+09:00 EST",
        "2021-12-01 15:00-16:00Z",
        "15:00 Dec 1, 2021",
        "0001-01-01T00:00:00+09:00",
        "9999-12-31T24:00:00Z",
        "Published: 2021-12-01T15:00:00Z",
        "٢٠٢١-12-01T15:00:00Z",
    ],
)
def test_what_is_not_fully_understood_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_written_time(text).utc()


def test_a_zone_that_is_missing_or_ambiguous_gives_no_instant() -> None:
    with pytest.raises(ValueError, match="offset"):
        read_written_time("2021-12-01 15:00").utc()
    with pytest.raises(AmbiguousZoneError):
        read_written_time("Wed, 01 Dec 2021 15:00:00 IST").utc()


@given(
    st.datetimes(DAWN, DAWN.replace(year=2099)),
    st.integers(-56, 56).map(lambda quarters: timezone(timedelta(minutes=15 * quarters))),
    st.sampled_from(
        [
            "%Y-%m-%dT%H:%M:%S.%f%z",
            "%a, %d %b %Y %H:%M:%S.%f %z",
            "%a %b %d %Y %H:%M:%S.%f GMT%z (x y)",
            "%A, %B %d, %Y at %I:%M:%S.%f %p UTC%z",
        ]
    ),
)
def test_every_instant_survives_being_written(moment: datetime, zone: timezone, style: str) -> None:
    aware = moment.replace(tzinfo=zone)
    assert read_written_time(aware.strftime(style)).utc() == aware


@given(st.text(alphabet="0123456789-/: TZAPMGwedDc,.+()", max_size=40))
def test_no_text_is_an_error_of_another_kind(text: str) -> None:
    with contextlib.suppress(ValueError):
        read_written_time(text).utc()
