from __future__ import annotations

from datetime import UTC, datetime, time

import pytest

from services.notifier.delivery.quiet import is_quiet, is_quiet_for
from services.notifier.rules.load import rules_of

NIGHT = (time(22), time(7))


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        (datetime(2026, 11, 20, 20, 59, tzinfo=UTC), False),
        (datetime(2026, 11, 20, 21, 0, tzinfo=UTC), True),  # 22:00 in Berlin
        (datetime(2026, 11, 20, 23, 30, tzinfo=UTC), True),
        (datetime(2026, 11, 21, 5, 59, tzinfo=UTC), True),
        (datetime(2026, 11, 21, 6, 0, tzinfo=UTC), False),
        (datetime(2026, 7, 20, 20, 0, tzinfo=UTC), True),  # summer time
        (datetime(2026, 7, 20, 5, 0, tzinfo=UTC), False),
    ],
)
def test_quiet_hours_follow_the_clocks_of_their_zone_past_midnight(instant: datetime, expected: bool) -> None:
    assert is_quiet(instant, "Europe/Berlin", *NIGHT) is expected


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), True),  # 01:59, then the clocks go to 03:00
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), True),
        (datetime(2026, 3, 29, 4, 59, tzinfo=UTC), True),
        (datetime(2026, 3, 29, 5, 0, tzinfo=UTC), False),  # 07:00 after a night that is an hour shorter
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), True),  # 02:30 the first time
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), True),
        (datetime(2026, 10, 25, 5, 59, tzinfo=UTC), True),
        (datetime(2026, 10, 25, 6, 0, tzinfo=UTC), False),  # 07:00 after a night that is an hour longer
    ],
)
def test_quiet_hours_end_by_the_clock_in_the_nights_in_which_it_is_changed(
    instant: datetime, expected: bool
) -> None:
    assert is_quiet(instant, "Europe/Berlin", *NIGHT) is expected


def test_quiet_hours_of_one_day() -> None:
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert is_quiet(noon, "UTC", time(12), time(13))
    assert not is_quiet(noon, "UTC", time(11), time(12))


def test_a_channel_may_have_quiet_hours_of_its_own() -> None:
    text = "quiet_hours='22:00-07:00'\n[channels.phone]\nquiet_hours='12:00-13:00'\ntimezone='Asia/Tokyo'"
    rules = rules_of(text, "x", ("phone", "mail"), ("BTC/USDT",))
    night, noon_in_tokyo = datetime(2026, 11, 20, 23, tzinfo=UTC), datetime(2026, 11, 20, 3, 30, tzinfo=UTC)
    assert is_quiet_for(rules.channels["mail"], rules, night)
    assert not is_quiet_for(rules.channels["phone"], rules, night)
    assert is_quiet_for(rules.channels["phone"], rules, noon_in_tokyo)
