from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.errors import NeverWorks, TryLater
from services.data_ingestor.news.rss.fetch import (
    LONGEST_RETRY_AFTER,
    check_status,
    retry_after_seconds,
)
from tests.support.news.news_samples import NOW


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 599])
def test_a_status_that_may_pass_is_tried_again_when_the_server_says(status: int) -> None:
    with pytest.raises(TryLater, match=f"answered {status}") as caught:
        check_status(status, "120", NOW)
    assert caught.value.after == 120


@pytest.mark.parametrize("status", [204, 206, 304, 400, 401, 403, 404, 410])
def test_any_other_status_says_what_to_check(status: int) -> None:
    with pytest.raises(NeverWorks, match=f"answered {status}.*check the url"):
        check_status(status, "", NOW)


def test_two_hundred_is_a_feed() -> None:
    check_status(200, "", NOW)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("9" * 40, LONGEST_RETRY_AFTER),
        (format_datetime(NOW + timedelta(minutes=5)), 300),
        (format_datetime(NOW - timedelta(minutes=5)), 0),
        ("Mon, 02 Mar 2026 12:00:30", 30),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("Mon, 99 Foo 2026", None),
    ],
)
def test_the_pause_that_a_server_asks_for(header: str, seconds: float | None) -> None:
    assert retry_after_seconds(header, NOW) == seconds


@given(st.text(max_size=60))
def test_any_header_is_a_pause_within_a_day_or_none(header: str) -> None:
    seconds = retry_after_seconds(header, NOW)
    assert seconds is None or 0 <= seconds <= LONGEST_RETRY_AFTER
