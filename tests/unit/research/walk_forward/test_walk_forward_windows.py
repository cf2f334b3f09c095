"""Which stretches of time a walk-forward fits and tests on."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.errors import StopProgram
from services.research.walk_forward.windows import Stretch, Window, windows_of

START = datetime(2025, 5, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def test_each_test_begins_where_its_fit_ends() -> None:
    assert windows_of(START, START + 10 * DAY, 4 * DAY, 3 * DAY) == (
        Window(Stretch(START, START + 4 * DAY), Stretch(START + 4 * DAY, START + 7 * DAY)),
        Window(Stretch(START + 3 * DAY, START + 7 * DAY), Stretch(START + 7 * DAY, START + 10 * DAY)),
    )


@given(days=st.integers(2, 90), fit=st.integers(1, 60), test=st.integers(1, 60))
def test_no_fit_sees_its_test_and_no_day_is_tested_twice(days: int, fit: int, test: int) -> None:
    if fit + test > days:
        with pytest.raises(StopProgram, match=f"expected at least {fit + test},"):
            windows_of(START, START + days * DAY, fit * DAY, test * DAY)
        return
    windows = windows_of(START, START + days * DAY, fit * DAY, test * DAY)
    assert windows[0].fit.start == START
    for window in windows:
        assert window.fit.end == window.test.start
        assert (window.fit.length, window.test.length) == (fit * DAY, test * DAY)
    for before, after in itertools.pairwise(windows):
        assert after.test.start == before.test.end
    left = START + days * DAY - windows[-1].test.end
    assert timedelta(0) <= left < test * DAY
