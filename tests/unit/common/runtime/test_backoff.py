from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.runtime.backoff import Backoff


@given(st.integers(1, 2_000))
def test_waits_double_up_to_the_longest_and_are_never_hot(failures: int) -> None:
    backoff = Backoff(1.0, 30.0)
    for before in range(failures):
        nominal = min(2.0 ** min(before, 10), 30.0)
        assert nominal / 2 <= backoff.failed() <= nominal
    assert backoff.failures == failures


def test_without_jitter_they_are_exact() -> None:
    backoff = Backoff(1.0, 5.0, jitter=0.0)
    assert [backoff.failed() for _ in range(5)] == [1, 2, 4, 5, 5]


def test_nothing_is_due_before_the_wait_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    backoff = Backoff(1.0, 30.0)
    assert backoff.is_ready()
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    wait = backoff.failed()
    monkeypatch.setattr(time, "monotonic", lambda: now + wait - 0.01)
    assert not backoff.is_ready()
    monkeypatch.setattr(time, "monotonic", lambda: now + wait + 0.01)
    assert backoff.is_ready()


@pytest.mark.parametrize(("asked", "wait"), [(60.0, 60.0), (0.5, 1.0), (None, 1.0)])
def test_the_other_side_may_ask_for_a_longer_wait(asked: float | None, wait: float) -> None:
    assert Backoff(1.0, 30.0, jitter=0.0).failed(asked) == wait


def test_after_a_success_waits_are_short_again() -> None:
    backoff = Backoff(1.0, 30.0, jitter=0.0)
    for _ in range(9):
        backoff.failed()

    assert backoff.succeeded()
    assert not backoff.succeeded()
    assert backoff.is_ready()
    assert backoff.failed() == 1.0
