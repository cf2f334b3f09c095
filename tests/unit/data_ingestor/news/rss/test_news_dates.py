from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.times.written_times import EARLIEST
from services.data_ingestor.news.rss.dates import FeedDate, read_date

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HALF_A_DAY = timedelta(hours=12)


@pytest.mark.parametrize(
    "text",
    [
        "Mon, 02 Mar 2026 12:00:00 GMT",
        "Mon, 2 Mar 26 12:00 UT",
        "Monday, 02-Mar-2026 12:00:00 UTC",
        "Mon, 02 Mar 2026 12:00:00 -0000",
        "Mon, 02 Mar 2026 21:00:00 JST",
        "Mon, 02 Mar 2026 21:00:00 KST",
        "Mon, 02 Mar 2026 02:00:00 HST",
        "Mon, 02 Mar 2026 21:00:00 +0900 (JST)",
        "Mon, 02 Mar 2026 21:00:00 GMT+9",
        "Mon Mar 02 2026 07:00:00 GMT-0500 (Eastern Standard Time)",
        "Mon Mar 02 12:00:00 +0000 2026",
        "Mon Mar 02 12:00:00 GMT 2026",
        "March 2nd, 2026 at 12:00 PM UTC",
        "Mar 2, 2026, 7:00 a.m. EST",
        "Mon, 02 Mar 2026 12:00:00 PM GMT",
        "2026-03-02T12:00:00Z",
        "2026-03-02t12:00:00.250z",
        "2026-03-02 12:00:00 +00:00",
        "2026-03-02T13:00:00+01:00[Europe/Paris]",
        "20260302T120000Z",
        "2026/03/02 12:00:00 UTC",
        "31/12/2025 12:00 GMT",
        "12/31/2025 12:00 GMT",
        "1772452800",
        "1772452800.25",
        "1772452800000",
        "\uff12\uff10\uff12\uff16-03-02T12:00:00Z",
    ],
)
def test_a_date_that_is_understood_whole_is_an_instant(text: str) -> None:
    found = read_date(text).exact
    assert found is not None
    assert found.replace(microsecond=0, year=2026, month=3, day=2) == NOON


def test_a_twelve_hour_clock_has_its_midnight_and_its_afternoon() -> None:
    assert read_date("2 Mar 2026 12:30 AM GMT").exact == NOON - timedelta(hours=11, minutes=30)
    assert read_date("2 Mar 2026 11:30 pm GMT").exact == NOON + timedelta(hours=11, minutes=30)


def test_the_end_of_a_day_and_a_leap_second_are_the_next_moment() -> None:
    midnight = NOON + timedelta(hours=12)
    assert read_date("2026-03-02T24:00:00Z").exact == midnight
    assert read_date("2026-03-02T23:59:60Z").exact == midnight


@pytest.mark.parametrize(
    "text",
    [
        "Mon, 02 Mar 2026 12:00:00",
        "2026-03-02T12:00:00",
        "2026/03/02 12:00:00",
        "2026.03.02 12:00:00",
        "2026\u5e7403\u670802\u65e5 12:00",
        "Mon, 02 Mar 2026 12:00:00 CST",
        "Mon, 02 Mar 2026 12:00:00 IST",
        "Mon, 02 Mar 2026 12:00:00 ET",
        "Mon, 02 Mar 2026 12:00:00 +0000 (JST)",
        "Mon, 02 Mar 2026 12:00:00 +2500",
        "2026-03-02 12:00:00 America/New_York",
    ],
)
def test_without_a_zone_that_is_known_it_is_no_later_than_the_last_clock_on_earth_shows_it(text: str) -> None:
    assert read_date(text) == FeedDate(None, NOON + HALF_A_DAY)


def test_a_day_without_a_time_ends_with_the_day() -> None:
    assert read_date("2026-03-02") == FeedDate(None, NOON + 2 * HALF_A_DAY)


def test_of_two_orders_of_day_and_month_the_later_one_bounds_the_date() -> None:
    assert read_date("02/03/2026 12:00 GMT") == read_date("03/02/2026 12:00 GMT") == FeedDate(None, NOON)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "5 minutes ago",
        "lun., 02 mars 2026 12:00:00 GMT",
        "12:00 GMT, 2 March 2026",
        "2026-03-02 3:00 nachm.",
        "Mo, 02 M\u00e4rz 2026 12:00:00 GMT",
        "2 \u043c\u0430\u0440\u0442\u0430 2026 12:00 GMT",
        "2026-03-02 \uc624\ud6c4 3:00",
        "Tue, 02 Mar 2026 12:00:00 GMT",  # a Monday
        "Fri, 02 Jan 2025 12:00:00 GMT",  # the weekday of 2026
        "Mon, 02 Mar 2026 15:00:00 PM GMT",
        "Mon, 02 Mar 2026 0:30 AM GMT",
        "Mon, 02 Mar 2026 25:00:00 GMT",
        "Mon, 02 Mar 2026 12:60:00 GMT",
        "Mon, 02 Mar 2026 24:00:01 GMT",
        "Mon, 02 Mar 2026 12:00:00 GMT updated 13:00",
        "02-03-26 12:00 GMT",
        "31 Feb 2026 12:00 GMT",
        "99/99/2026 12:00 GMT",
        "2026-W10-1T12:00Z",
        "20260302",
        "1772452",
        "99999999999999",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "0001-01-01T00:00:00Z",
        "0000-00-00T00:00:00Z",
        "9999-12-31T23:59:59-12:00",
        "Mon, 02 Mar 2026 12:00:00 GMT" + " " * 9 + "x" * 100,
    ],
)
def test_what_is_not_understood_whole_or_is_older_than_crypto_is_no_date(text: str) -> None:
    assert read_date(text) == FeedDate()


@given(
    st.text(alphabet="0123456789:/-.+ ,TZGMTAPMmarJanfriSun()[]\u5e74\u6708\u65e5", max_size=40)
    | st.text(max_size=120)
)
def test_any_text_is_read_without_an_error(text: str) -> None:
    found = read_date(text)
    assert all(instant is None or instant >= EARLIEST for instant in found)


@given(
    st.integers(0, 80 * 365 * 24 * 3600).map(
        lambda second: datetime(2010, 1, 1, tzinfo=UTC) + second * timedelta(seconds=1)
    ),
    st.integers(-12 * 4, 14 * 4).map(lambda quarters: timedelta(minutes=15 * quarters)),
)
def test_every_way_of_writing_an_instant_in_a_zone_gives_it_back(local: datetime, offset: timedelta) -> None:
    minutes = abs(offset) // timedelta(minutes=1)
    zone = f"{'-' if offset < timedelta() else '+'}{minutes // 60:02}:{minutes % 60:02}"
    instant = local - offset
    for style in (
        "%Y-%m-%dT%H:%M:%S",
        "%a, %d %b %Y %H:%M:%S ",
        "%b %d, %Y %I:%M:%S %p ",
        "%Y/%m/%d %I:%M:%S%p ",
    ):
        assert read_date(local.strftime(style) + zone) == FeedDate(instant)
        assert read_date(local.strftime(style).strip()) == FeedDate(None, local + HALF_A_DAY)
