"""Which moment the texts name that people type for a time in the past."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.common.errors import StopProgram
from services.common.times.moments import read_moment

NOW = datetime(2026, 11, 25, 14, 30, 20, tzinfo=UTC)  # a Wednesday


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("now", "2026-11-25T14:30:20"),
        ("14:05", "2026-11-25T14:05:00"),
        ("14:31", "2026-11-24T14:31:00"),  # the last one there was
        ("2:05pm", "2026-11-25T14:05:00"),
        ("12:05 am", "2026-11-25T00:05:00"),
        ("14:05:30", "2026-11-25T14:05:30"),
        ("14:05 UTC", "2026-11-25T14:05:00"),
        ("15:05 +01:00", "2026-11-25T14:05:00"),
        ("15:05 CET", "2026-11-25T14:05:00"),
        ("15:31 +01:00", "2026-11-24T14:31:00"),
        ("today 14:05", "2026-11-25T14:05:00"),
        ("yesterday at 14:45", "2026-11-24T14:45:00"),
        ("Yesterday  14:45", "2026-11-24T14:45:00"),
        ("mon 14:45", "2026-11-23T14:45:00"),
        ("Wednesday 14:05", "2026-11-25T14:05:00"),
        ("wed 14:45", "2026-11-18T14:45:00"),
        ("2h ago", "2026-11-25T12:30:20"),
        ("90 min ago", "2026-11-25T13:00:20"),
        ("-1.5h", "2026-11-25T13:00:20"),
        ("3 days ago", "2026-11-22T14:30:20"),
        ("2026-11-20 14:05", "2026-11-20T14:05:00"),
        ("2026-11-20T14:05:00+02:00", "2026-11-20T12:05:00"),
        ("20 November 2026 14:05", "2026-11-20T14:05:00"),
    ],
)
def test_a_time_is_read_as_people_write_it_and_is_utc_unless_it_says_otherwise(
    text: str, moment: str
) -> None:
    assert read_moment(text, NOW).isoformat() == f"{moment}+00:00"


@pytest.mark.parametrize(
    "text",
    ["", "soon", "25:00", "14:61", "13:05pm", "2026-11-20", "14:05 XYZ", "32.13.2026 14:05", "moday 14:05"],
)
def test_what_is_not_understood_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(StopProgram, match=r"not understood .*write for example 14:05"):
        read_moment(text, NOW)


@pytest.mark.parametrize("text", ["today 14:31", "2026-11-26 14:05", "2026-11-25 15:00 +00:00"])
def test_the_future_is_refused(text: str) -> None:
    with pytest.raises(StopProgram, match=r"in the future; now it is 14:30 UTC"):
        read_moment(text, NOW)
