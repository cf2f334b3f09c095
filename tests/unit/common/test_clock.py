from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.clock import ManualClock, from_ms, to_ms

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@given(st.integers(-2_000_000_000_000, 4_000_000_000_000))
def test_every_millisecond_survives_the_way_there_and_back(milliseconds: int) -> None:
    assert to_ms(from_ms(milliseconds)) == milliseconds


@given(st.integers(0, 4_000_000_000_000), st.integers(0, 999))
def test_a_part_of_a_millisecond_is_rounded_down(milliseconds: int, microseconds: int) -> None:
    instant = EPOCH + timedelta(milliseconds=milliseconds, microseconds=microseconds)
    assert to_ms(instant) == milliseconds


def test_an_instant_is_the_same_in_every_zone_and_none_is_refused() -> None:
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert to_ms(noon.astimezone(timezone(timedelta(hours=-7)))) == to_ms(noon)
    with pytest.raises(ValueError, match="without an offset"):
        to_ms(noon.replace(tzinfo=None))


def test_a_manual_clock_moves_only_when_told_to_and_also_back() -> None:
    clock = ManualClock(EPOCH)
    clock.advance(90)
    clock.advance(-30)
    assert clock.now() == EPOCH + timedelta(seconds=60)
