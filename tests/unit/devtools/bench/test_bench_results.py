"""What the bench says about figures: medians, scatter, targets, and the JSON of it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtools.bench.results import at_least, at_most, compare, not_measured, percentile

FIELDS = {"name", "value", "unit", "baseline", "ratio", "target", "met"}


def test_the_ratio_is_that_of_the_medians_so_one_slow_run_changes_nothing() -> None:
    result = compare("publish", "messages/s", [300, 310, 9], [100, 110, 105], at_least(1.5))
    assert (result.value, result.baseline, result.ratio) == (300, 105, 300 / 105)
    assert result.met is True
    assert result.runs == 3


@pytest.mark.parametrize(
    ("target", "value", "met"),
    [
        (at_least(0.8), 80, True),
        (at_least(0.8), 79.9, False),
        (at_most(4), 400, True),
        (at_most(4), 400.1, False),
        (None, 1, None),
    ],
)
def test_a_bound_itself_is_good_enough_on_either_side(target: object, value: float, met: bool | None) -> None:
    result = compare("case", "ms", [value], [100], target)  # type: ignore[arg-type]  # one of the functions' results
    assert result.met is met


def test_the_json_has_what_programs_rely_on_and_no_more_than_json_can_hold() -> None:
    with_target = compare("one", "ms", [1.0, 3.0], [2.0, 2.0], at_most(0.5)).as_json()
    without = compare("two", "messages/s", [10], [5], None).as_json()
    assert with_target.keys() >= FIELDS
    assert (with_target["target"], with_target["met"]) == ("<= 0.5", False)
    assert (without["target"], without["met"], without["ratio"]) == (None, None, 2.0)
    assert json.loads(json.dumps([with_target, without], allow_nan=False))[1]["name"] == "two"


def test_a_case_that_was_not_measured_has_the_same_fields_and_no_figures() -> None:
    row, missing = compare("one", "ms", [1.0], [2.0], None).as_json(), not_measured("one")
    assert row.keys() == missing.keys()
    assert (row["measured"], missing["measured"]) == (True, False)
    assert not any(missing[name] for name in FIELDS - {"name"})


@pytest.mark.parametrize(("values", "baselines"), [([], []), ([1.0], []), ([1.0], [0.0])])
def test_what_cannot_be_compared_is_refused(values: list[float], baselines: list[float]) -> None:
    with pytest.raises(ValueError, match="case"):
        compare("case", "ms", values, baselines, None)


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0, 100))
def test_a_percentile_lies_among_the_values_and_rises(values: list[float], percent: float) -> None:
    assert min(values) <= percentile(values, percent) <= max(values)
    assert percentile(values, percent) <= percentile(values, 100) == max(values)
    assert percentile(values, 0) == min(values)


def test_a_percentile_between_two_values_lies_on_the_line() -> None:
    assert percentile([10, 20, 30, 40], 50) == 25
    assert percentile([10, 20], 99) == pytest.approx(19.9)
