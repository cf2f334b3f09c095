from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.replay_exchange.intervals import DAY_MS, HOUR_MS, MINUTE_MS, WEEK_MS
from services.replay_exchange.timeline import Timeline, default_start, place

INSTANTS = st.integers(0, 4 * 10**12)
STEPS = st.sampled_from([MINUTE_MS, HOUR_MS, DAY_MS])


@given(INSTANTS, INSTANTS, STEPS)
def test_the_shift_is_whole_steps_and_the_start_falls_on_the_anchor(
    start: int, anchor: int, step: int
) -> None:
    timeline = place(start_ms=start, anchor_ms=anchor, step_ms=step)
    assert timeline.shift_ms % step == 0
    assert start <= timeline.to_recording(anchor) < start + step


@given(INSTANTS, st.integers(-(10**12), 10**12))
def test_the_way_there_and_back_ends_where_it_began(instant: int, shift: int) -> None:
    timeline = Timeline(shift)
    assert timeline.to_recording(timeline.to_wall(instant)) == instant


def test_by_default_half_of_the_recording_is_left_and_days_stay_whole() -> None:
    start, step = default_start([(0, 14 * DAY_MS)], MINUTE_MS)
    assert (start, step) == (7 * DAY_MS, DAY_MS)


def test_a_year_is_shifted_by_whole_weeks_and_an_hour_by_whole_candles() -> None:
    assert default_start([(0, 365 * DAY_MS)], HOUR_MS)[1] == WEEK_MS
    assert default_start([(0, HOUR_MS)], MINUTE_MS) == (HOUR_MS // 2, MINUTE_MS)


def test_the_default_start_lies_where_every_pair_has_candles() -> None:
    assert default_start([(0, 10 * DAY_MS), (8 * DAY_MS, 12 * DAY_MS)], MINUTE_MS)[0] == 9 * DAY_MS
    assert default_start([(0, 2 * DAY_MS), (4 * DAY_MS, 6 * DAY_MS)], MINUTE_MS)[0] == 3 * DAY_MS


@given(st.integers(0, 10**12), st.integers(1, 10**6), STEPS)
def test_the_default_step_costs_at_most_a_quarter_of_what_is_left(
    first: int, candles: int, base: int
) -> None:
    first -= first % base
    last = first + candles * base
    start, step = default_start([(first, last)], base)
    assert step % base == 0
    assert first <= start <= last
    assert step == base or step <= (last - start) / 4
