from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.replay_exchange.forming import Bar, so_far

CENTS = st.integers(1, 10**7).map(lambda cents: cents / 100)
ELAPSED = st.floats(0, 1, exclude_max=True)


@st.composite
def bars(draw: st.DrawFn) -> Bar:
    low, first, second, high = sorted(draw(st.lists(CENTS, min_size=4, max_size=4)))
    opened, closed = draw(st.permutations([first, second]))
    return Bar(opened, high, low, closed, draw(st.integers(0, 10**6)) / 1000)


def seen(bar: Bar, elapsed: float, *, high_first: bool = True) -> Bar:
    return so_far(bar, elapsed, high_first=high_first, price_places=2, volume_places=3)


@given(bars(), ELAPSED, st.booleans())
def test_what_is_seen_stays_within_the_candle(bar: Bar, elapsed: float, high_first: bool) -> None:
    part = seen(bar, elapsed, high_first=high_first)
    assert part.open == bar.open
    assert bar.low <= part.low <= min(part.open, part.close)
    assert max(part.open, part.close) <= part.high <= bar.high
    assert 0 <= part.volume <= bar.volume


@given(bars(), ELAPSED, ELAPSED, st.booleans())
def test_extremes_and_volume_only_ever_grow(bar: Bar, one: float, other: float, high_first: bool) -> None:
    early, late = (seen(bar, elapsed, high_first=high_first) for elapsed in sorted((one, other)))
    assert late.high >= early.high
    assert late.low <= early.low
    assert late.volume >= early.volume


@given(bars(), bars(), ELAPSED)
def test_nothing_is_seen_of_a_price_that_has_not_begun_to_come(bar: Bar, other: Bar, elapsed: float) -> None:
    assume(elapsed < 2 / 3)
    low, high = bar.low, bar.high
    different_close = replace(bar, close=min(max(other.close, low), high))
    assert seen(bar, elapsed) == seen(different_close, elapsed)
    assume(elapsed < 1 / 3)
    different_low = replace(different_close, low=min(other.low, bar.open, different_close.close))
    assert seen(bar, elapsed) == seen(different_low, elapsed)


@given(bars(), bars(), st.booleans())
def test_at_its_opening_a_candle_shows_its_open_and_nothing_else(
    bar: Bar, other: Bar, high_first: bool
) -> None:
    assert seen(bar, 0.0, high_first=high_first) == Bar(bar.open, bar.open, bar.open, bar.open, 0.0)


@pytest.mark.parametrize(("high_first", "prices"), [(True, [12.0, 9.0]), (False, [9.0, 12.0])])
def test_the_path_passes_both_extremes_in_the_order_asked_for(high_first: bool, prices: list[float]) -> None:
    bar = Bar(10.0, 12.0, 9.0, 11.0, 3.0)
    third, two_thirds = 1 / 3 + 1e-9, 2 / 3 + 1e-9
    assert [seen(bar, at, high_first=high_first).close for at in (third, two_thirds)] == prices


def test_shortly_before_its_end_a_candle_is_almost_whole() -> None:
    bar = Bar(10.0, 12.0, 9.0, 11.0, 3.0)
    assert seen(bar, 1 - 1e-9) == Bar(10.0, 12.0, 9.0, 11.0, 2.999)
