from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.replay_exchange.intervals import (
    DAY_MS,
    HOUR_MS,
    INTERVAL_MS,
    MINUTE_MS,
    MONTH,
    can_be_built,
    next_open,
    open_of,
)


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1000


@pytest.mark.parametrize(
    ("interval", "opens"),
    [
        ("1m", "2026-04-01T13:47"),
        ("5m", "2026-04-01T13:45"),
        ("15m", "2026-04-01T13:45"),
        ("1h", "2026-04-01T13:00"),
        ("4h", "2026-04-01T12:00"),
        ("1d", "2026-04-01"),
        ("1w", "2026-03-30"),  # a Monday
        ("1M", "2026-04-01"),
    ],
)
def test_candles_open_where_binance_opens_them(interval: str, opens: str) -> None:
    assert open_of(interval, ms("2026-04-01T13:47:59")) == ms(opens)


def test_a_month_is_followed_by_the_next_month_whatever_its_length() -> None:
    assert next_open(MONTH, ms("2026-01-01")) == ms("2026-02-01")
    assert next_open(MONTH, ms("2026-02-01")) == ms("2026-03-01")
    assert next_open(MONTH, ms("2026-12-01")) == ms("2027-01-01")


@given(st.sampled_from([*INTERVAL_MS, MONTH]), st.integers(0, 4 * 10**12))
def test_every_instant_lies_in_exactly_one_candle(interval: str, instant_ms: int) -> None:
    opened = open_of(interval, instant_ms)
    assert opened <= instant_ms < next_open(interval, opened)
    assert open_of(interval, opened) == opened
    assert open_of(interval, next_open(interval, opened)) == next_open(interval, opened)


@pytest.mark.parametrize(
    ("interval", "base_ms", "possible"),
    [
        ("1m", MINUTE_MS, True),
        ("1s", MINUTE_MS, False),
        ("15m", MINUTE_MS, True),
        ("5m", 3 * MINUTE_MS, False),
        ("1m", HOUR_MS, False),
        ("1d", HOUR_MS, True),
        (MONTH, HOUR_MS, True),
        (MONTH, 7 * DAY_MS, False),
        ("7m", MINUTE_MS, False),
        ("", MINUTE_MS, False),
    ],
)
def test_an_interval_can_be_built_from_whole_base_candles_only(
    interval: str, base_ms: int, possible: bool
) -> None:
    assert can_be_built(interval, base_ms) is possible
