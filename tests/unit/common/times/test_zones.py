"""Offsets behind a time are read as they are meant, or refused."""

from __future__ import annotations

import contextlib
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.times.zones import AMBIGUOUS, OFFSETS, AmbiguousZoneError, read_offset


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("Z", 0),
        ("z", 0),
        ("GMT", 0),
        ("-0000", 0),
        ("+09:00", 9),
        ("+0900", 9),
        ("-05", -5),
        ("-5", -5),
        ("+5:30", 5.5),
        ("\u221205:00", -5),
        ("UTC+9", 9),
        ("GMT+1", 1),
        ("UTC -03:30", -3.5),
        ("GMT-0500 (Eastern Standard Time)", -5),
        ("-0500 (EST)", -5),
        ("+0900 JST", 9),
        ("+0800 CST", 8),
        ("-0600 (CST)", -6),
        ("EST (UTC-5)", -5),
        ("(UTC+9)", 9),
        ("HST", -10),
        ("jst", 9),
        ("CEST", 2),
        ("AKST", -9),
        ("+14:00", 14),
    ],
)
def test_an_offset_is_read_in_every_way_of_writing_it(text: str, hours: float) -> None:
    assert read_offset(text) == timedelta(hours=hours)


@pytest.mark.parametrize("name", ["CST", "IST", "bst", "AST", "MSK", "(CST)"])
def test_the_name_of_several_zones_is_refused(name: str) -> None:
    with pytest.raises(AmbiguousZoneError, match="several zones"):
        read_offset(name)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A",
        "XYZ",
        "Eastern Standard Time",
        "(Eastern Standard Time)",
        "+900",
        "+15:00",
        "+09:60",
        "+090000",
        "+0900 XYZ",
        "+0100 JST",
        "+0100 CST",
        "+0900 (EST)",
        "EST (GMT-0400)",
        "EST +0900",
        "JST JST",
        "\u201305:00",
        "+٠٩:٠٠",
        "America/New_York",
        "PM",
        "+0900 (a) (b)",
    ],
)
def test_what_is_not_fully_understood_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_offset(text)


@given(st.text(max_size=12))
def test_no_text_is_an_error_of_another_kind_or_a_day_away(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert abs(read_offset(text)) <= timedelta(hours=14)


def test_no_name_is_both_certain_and_ambiguous() -> None:
    assert not OFFSETS.keys() & AMBIGUOUS.keys()
