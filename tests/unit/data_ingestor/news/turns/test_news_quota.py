from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.data_ingestor.news.turns.quota import Allowance, allowance_now, spent

HOUR = 3_600_000
START = 1_000 * HOUR


def test_a_new_owner_has_an_hours_worth() -> None:
    assert allowance_now(None, 30, START) == Allowance(30, START)


@pytest.mark.parametrize(
    ("left", "hours", "expected"),
    [(0, 0, 0), (0, 0.5, 15), (10, 0.5, 25), (0, 1, 30), (20, 9, 30), (70, 0, 30)],
)
def test_a_quota_grows_again_with_time_up_to_an_hours_worth(
    left: float, hours: float, expected: float
) -> None:
    found = allowance_now(Allowance(left, START), 30, START + int(hours * HOUR))
    assert found.left == pytest.approx(expected)


def test_what_was_published_counts_and_is_never_owed() -> None:
    assert spent(Allowance(10.5, START), 4) == Allowance(6.5, START)
    assert spent(Allowance(1.0, START), 25) == Allowance(0.0, START)


def test_a_clock_that_is_put_back_holds_nobody_back() -> None:
    assert allowance_now(Allowance(0, START), 30, START - 24 * HOUR) == Allowance(30, START - 24 * HOUR)


@given(st.lists(st.tuples(st.integers(0, 2 * HOUR), st.integers(0, 200)), max_size=30), st.integers(1, 100))
def test_no_more_is_published_than_an_hours_worth_and_the_quota_of_the_time(
    wishes: list[tuple[int, int]], quota: int
) -> None:
    known, now, published = None, START, 0
    for pause, wish in wishes:
        now += pause
        allowance = allowance_now(known, quota, now)
        count = min(wish, int(allowance.left))
        published += count
        known = spent(allowance, count)
    assert published <= quota + quota * (now - START) / HOUR + 1e-6
