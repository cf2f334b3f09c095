from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.replay_exchange.decimals import as_text, decimal_places, unit_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (69979.98, "69979.98000000"),
        (0.1 + 0.2, "0.30000000000000004"),
        (0.3, "0.30000000"),
        (0.0, "0.00000000"),
        (1e-8, "0.00000001"),
        (1.2345e-10, "0.00000000012345"),
        (123456789012.3, "123456789012.30000000"),
        (1e17, "100000000000000000.00000000"),
    ],
)
def test_a_number_is_written_as_the_shortest_decimal_with_at_least_eight_places(
    value: float, text: str
) -> None:
    assert as_text(value) == text


@given(st.floats(min_value=0, max_value=1e15))
def test_a_written_number_reads_back_as_the_same_number(value: float) -> None:
    assert float(as_text(value)) == value


@given(st.decimals(min_value=0, max_value=10**9, places=5))
def test_a_number_of_few_decimals_is_written_without_any_others(value: Decimal) -> None:
    assert Decimal(as_text(float(value))) == value


@given(st.integers(0, 8), st.lists(st.integers(1, 10**12), min_size=1))
def test_decimal_places_are_enough_for_every_value_and_no_more(places: int, units: list[int]) -> None:
    values = np.array([unit / 10**places for unit in units])
    needed = max(max(0, -int(Decimal(repr(float(v))).normalize().as_tuple().exponent)) for v in values)
    assert decimal_places(values) == needed


def test_values_beyond_eight_places_count_as_eight() -> None:
    assert decimal_places(np.array([1 / 3])) == 8


@pytest.mark.parametrize(("places", "text"), [(0, "1.00000000"), (2, "0.01000000"), (8, "0.00000001")])
def test_a_unit_is_one_in_the_last_place(places: int, text: str) -> None:
    assert unit_text(places) == text
