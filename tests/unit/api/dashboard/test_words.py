"""How the pages write values."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.api.dashboard.words import (
    age_text,
    change_tone,
    describe_seconds,
    mood,
    path_part,
    percent,
    price,
    web_link,
    written_instant,
)

NOW = datetime(2026, 3, 2, 14, 5, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "–"),
        (-3, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (12_060, "3 h 21 min"),
        (172_799, "47 h 59 min"),
        (172_800, "2 days"),
    ],
)
def test_a_duration_has_at_most_two_units(seconds: float | None, text: str) -> None:
    assert describe_seconds(seconds) == text


def test_an_age_is_counted_from_the_servers_present() -> None:
    assert age_text(NOW - timedelta(minutes=38), NOW) == "38 min ago"


def test_an_instant_ahead_of_the_servers_clock_says_so() -> None:
    assert age_text(NOW + timedelta(minutes=1), NOW) == "in the future"


@pytest.mark.parametrize(
    ("score", "word"),
    [
        (None, "no sentiment"),
        (0.7, "very bullish"),
        (0.0, "neutral"),
        (-0.31, "bearish"),
        (-1.0, "very bearish"),
    ],
)
def test_a_mood_is_the_label_of_the_score(score: float | None, word: str) -> None:
    assert mood(score) == word


@pytest.mark.parametrize(
    ("value", "text"), [(91_234.567, "91,234.57"), (3.14159265, "3.14159"), (0.00001234, "1.234e-05")]
)
def test_a_price_has_the_digits_that_matter(value: float, text: str) -> None:
    assert price(value) == text


def test_a_change_that_is_written_as_zero_has_no_colour() -> None:
    assert [change_tone(each) for each in (0.004, 0.005, -0.2, None)] == ["", "good-text", "bad-text", ""]


def test_a_percentage_has_its_sign() -> None:
    assert [percent(1.234), percent(-0.5, 1)] == ["+1.23 %", "−0.5 %"]


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "//host/path", "", "ftp://x"])
def test_what_is_no_address_of_the_web_is_no_link(address: str) -> None:
    assert web_link(address) == ""


def test_an_address_of_the_web_is_a_link() -> None:
    assert web_link("https://coinwire.example/a?b=c") == "https://coinwire.example/a?b=c"


def test_a_stored_instant_that_is_none_is_shown_as_it_is() -> None:
    assert written_instant("2026-03-02T14:05:20+01:00") == "2026-03-02 13:05 UTC"
    assert written_instant("soon") == "soon"


def test_a_text_in_a_path_stays_one_part_of_it() -> None:
    assert path_part("abc:BTC/USDT:0") == "abc%3ABTC%2FUSDT%3A0"
