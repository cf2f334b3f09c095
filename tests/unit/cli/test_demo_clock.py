"""What a demo says of its clock, which its logs and trades go by."""

from __future__ import annotations

from datetime import timedelta

from services.cli.demo_run import clock_note


def test_a_clock_that_runs_faster_is_said_to_be_set_back_and_by_how_much() -> None:
    assert clock_note(10.0, timedelta(seconds=2340)) == (
        "; its clock is set back by 39 minutes, so that it can run 10 times as fast"
    )


def test_a_slower_clock_is_not_said_to_be_set_back_and_of_the_real_one_nothing_is_said() -> None:
    assert clock_note(0.5, timedelta(seconds=10)) == "; its clock runs 0.5 times as fast"
    assert clock_note(1.0, timedelta(0)) == ""
