"""The same news at another time: what moves, what stays, and which offsets are drawn."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from cryptoboy_sentiment import signals_frame
from hypothesis import given, settings
from hypothesis import strategies as st

from services.research.backtest.shift import random_offsets, shifted, smallest_offset
from tests.support.strategy.strategy_samples import NOON, signal

HOUR = timedelta(hours=1)
END = NOON + 100 * HOUR


def news(minutes: list[int]) -> list[tuple[str, int]]:
    """Two pairs that hear of everything at the same minute."""
    return [(pair, minute) for minute in minutes for pair in ("BTC/USDT", "ETH/USDT")]


@given(
    minutes=st.lists(st.integers(0, 100 * 60 - 1), min_size=2, max_size=30, unique=True),
    offset=st.integers(0, 100),
)
@settings(max_examples=40)
def test_rhythm_delays_and_what_pairs_share_stay_around_the_circle(minutes: list[int], offset: int) -> None:
    before = signals_frame(
        signal(
            f"a{minute}", published=minute - 7, available=minute, pair=pair, score=(minute % 200 - 100) / 100
        )
        for pair, minute in news(sorted(minutes))
    )
    after = shifted(before, NOON, END, offset * HOUR)

    moved = after.set_index(["article_id", "pair"])["available_at"]
    origin = before.set_index(["article_id", "pair"])["available_at"]
    assert set(((moved - origin).dt.total_seconds() / 3600 - offset) % 100) <= {0.0}
    assert after["available_at"].is_monotonic_increasing
    assert ((after["available_at"] >= NOON) & (after["available_at"] < END)).all()
    assert set(after["available_at"] - after["published"]) == {timedelta(minutes=7)}
    rest = ["article_id", "pair", "score", "headline", "source", "revision"]
    assert sorted(after[rest].itertuples(index=False)) == sorted(before[rest].itertuples(index=False))
    assert list(after.dtypes) == list(before.dtypes)


def test_what_leaves_at_the_end_comes_back_at_the_start() -> None:
    before = signals_frame(
        [signal("early", available=10), signal("late", published=99 * 60, available=99 * 60 + 30)]
    )
    after = shifted(before, NOON, END, 2 * HOUR)
    assert list(after["article_id"]) == ["late", "early"]
    assert list(after["available_at"]) == [NOON + 1.5 * HOUR, NOON + 2 * HOUR + timedelta(minutes=10)]


def test_news_from_before_and_after_the_period_is_left_out() -> None:
    before = signals_frame(
        [signal("before", available=-1, published=-2), signal("in"), signal("after", published=6000)]
    )
    assert list(shifted(before, NOON, END, HOUR)["article_id"]) == ["in"]


def test_the_same_seed_gives_the_same_offsets_and_another_gives_others() -> None:
    offsets = random_offsets(1464, HOUR, 199, seed=7)
    assert offsets == random_offsets(1464, HOUR, 199, seed=7)
    assert offsets[:20] == random_offsets(1464, HOUR, 20, seed=7)
    assert offsets != random_offsets(1464, HOUR, 199, seed=8)


def test_offsets_are_even_over_all_that_move_the_news_by_a_day_or_more() -> None:
    offsets = np.array(random_offsets(1464, HOUR, 20_000, seed=1))
    assert offsets.min() == 24
    assert offsets.max() == 1464 - 24
    counts, _ = np.histogram(offsets, bins=8, range=(24, 1441))
    assert counts.min() > 0.9 * 20_000 / 8


@pytest.mark.parametrize(("length", "smallest"), [(1464, 24), (96, 24), (40, 10), (5, 1), (4, 1)])
def test_short_periods_leave_out_a_quarter_on_either_side(length: int, smallest: int) -> None:
    assert smallest_offset(length, HOUR) == smallest


def test_a_period_of_a_few_candles_cannot_be_shifted() -> None:
    with pytest.raises(ValueError, match="3 candles is too short"):
        random_offsets(3, HOUR, 1, seed=1)
