from __future__ import annotations

import pytest

from services.research.evaluate.cases.rows import share


def test_the_interval_of_a_share_is_wilsons() -> None:
    # Newcombe, "Two-sided confidence intervals for the single proportion", 1998, table I, method 3: 81 of 263.
    row = share("x", 81, 263)

    assert row.value == pytest.approx(81 / 263)
    assert row.interval == pytest.approx((0.2553, 0.3662), abs=1e-4)


def test_a_share_of_all_still_has_an_interval() -> None:
    row = share("x", 20, 20)

    assert row.interval is not None
    assert row.interval[0] == pytest.approx(0.8389, abs=1e-4)
    assert row.interval[1] == 1.0


def test_a_share_of_nothing_is_unknown() -> None:
    assert share("x", 0, 0).value is None
