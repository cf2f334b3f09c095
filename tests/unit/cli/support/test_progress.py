"""What is said of the time left."""

from __future__ import annotations

import pytest

from services.cli.support.progress import Estimate


def test_nothing_is_said_of_the_time_left_before_a_tenth_is_done() -> None:
    estimate = Estimate()
    assert [estimate.seconds_left(second, second, 100) for second in range(10)] == [None] * 10
    assert estimate.seconds_left(10, 10, 100) == 90


def test_a_slow_start_does_not_count_once_it_goes_faster() -> None:
    estimate = Estimate()
    estimate.seconds_left(0, 0, 200)
    said = [estimate.seconds_left(60 + second, second, 200) for second in range(101)]
    assert said[20] == pytest.approx(180)
    assert said[100] == pytest.approx(100)


def test_work_that_is_continued_is_measured_from_where_it_began() -> None:
    estimate = Estimate()
    assert estimate.seconds_left(0, 900, 1000) is None
    assert estimate.seconds_left(5, 905, 1000) is None
    assert estimate.seconds_left(20, 920, 1000) == 80


def test_work_in_rare_steps_is_measured_over_the_last_of_them() -> None:
    estimate = Estimate()
    assert [estimate.seconds_left(100 * step, step, 4) for step in range(4)] == [None, 300, 200, 100]


def test_a_standstill_says_nothing() -> None:
    estimate = Estimate()
    for second in range(50):
        estimate.seconds_left(second, min(second, 20), 100)
    assert estimate.seconds_left(60, 20, 100) is None
