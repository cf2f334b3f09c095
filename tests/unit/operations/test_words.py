"""How values are written for people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.operations.words import (
    age_text,
    amount,
    describe_seconds,
    mood,
    percent,
    plain_name,
    price,
    score,
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
    ("value", "word"),
    [
        (None, "no sentiment"),
        (0.7, "very bullish"),
        (0.0, "neutral"),
        (-0.31, "bearish"),
        (-1.0, "very bearish"),
    ],
)
def test_a_mood_is_the_label_of_the_score(value: float | None, word: str) -> None:
    assert mood(value) == word


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (91_234.567, "91,234.57"),
        (3.14159265, "3.14159"),
        (0.00001234, "0.00001234"),
        (0.000012345678, "0.0000123457"),
    ],
)
def test_a_price_has_the_digits_that_matter(value: float, text: str) -> None:
    assert price(value) == text


def test_a_percentage_has_its_sign() -> None:
    assert [percent(1.234), percent(-0.5, 1)] == ["+1.23 %", "−0.5 %"]


def test_nothing_has_no_minus() -> None:
    shown = [percent(-0.001), amount(-0.0000000004), score(-0.004)]
    assert shown == ["+0.00 %", "+0.00", "+0.00"]


def test_a_stored_instant_that_is_none_is_shown_as_it_is() -> None:
    assert written_instant("2026-03-02T14:05:20+01:00") == "2026-03-02 13:05 UTC"
    assert written_instant("soon") == "soon"


def test_an_amount_has_its_sign() -> None:
    assert [amount(1234.5), amount(-12), amount(None)] == ["+1,234.50", "−12.00", "–"]


def test_a_small_amount_has_the_digits_that_matter() -> None:
    """Stakes may be in BTC."""
    shown = [amount(value) for value in (0.0, 0.5, -0.0123, 0.00042)]
    assert shown == ["+0.00", "+0.50", "−0.012", "+0.00042"]


def test_a_name_of_the_code_is_written_as_words() -> None:
    assert plain_name("market_move") == "market move"
