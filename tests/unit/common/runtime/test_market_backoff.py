from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.common.runtime.backoff import Backoff


@given(st.integers(1, 2_000))
def test_pauses_grow_to_the_longest_and_are_never_hot(failures: int) -> None:
    backoff = Backoff(1.0, 30.0)
    for before in range(failures):
        nominal = min(2.0 ** min(before, 10), 30.0)
        assert nominal / 2 <= backoff.failed(0.0) <= nominal
    assert backoff.failures == failures


def test_nothing_is_due_before_the_pause_is_over() -> None:
    backoff = Backoff(1.0, 30.0)
    pause = backoff.failed(100.0)

    assert not backoff.is_ready(100.0 + pause / 2)
    assert backoff.is_ready(100.0 + pause)


def test_the_other_side_may_ask_for_a_longer_pause() -> None:
    assert Backoff(1.0, 30.0).failed(0.0, after=60.0) == 60.0


def test_a_success_ends_a_run_of_failures_once() -> None:
    backoff = Backoff(1.0, 30.0)
    backoff.failed(0.0)

    assert backoff.succeeded()
    assert not backoff.succeeded()
    assert backoff.is_ready(0.0)
