"""Intervals by resampling days: repeatable, in blocks, and silent where there is too little."""

from __future__ import annotations

import numpy as np
import pytest

from services.research.backtest import bootstrap
from services.research.backtest.bootstrap import Days

DAYS = 60


def account(seed: int = 1, *, days: int = DAYS, trades_a_day: float = 1.0, drift: float = 0.0) -> Days:
    generator = np.random.default_rng(seed)
    steps = generator.normal(drift, 0.002, size=(days, 24))
    trades = np.full(days, trades_a_day, dtype=np.float64)
    wins = generator.integers(0, 2, days).astype(np.float64) * trades_a_day
    return Days(steps, trades, wins, gains=wins * 2.0, losses=trades - wins, years=days / 365)


def test_blocks_of_days_stay_together_and_go_round() -> None:
    drawn = bootstrap.draw_days(64, seed=3, resamples=500)
    assert drawn.shape == (500, 64)
    block = bootstrap.block_days(64)
    assert block == 4
    within = drawn.reshape(500, -1, block)
    assert (np.diff(within, axis=2) % 64 == 1).all()
    assert set(np.unique(drawn)) == set(range(64))


def test_the_same_seed_gives_the_same_intervals_to_the_last_digit() -> None:
    one = bootstrap.intervals(account(), bootstrap.draw_days(DAYS, seed=5, resamples=200))
    same = bootstrap.intervals(account(), bootstrap.draw_days(DAYS, seed=5, resamples=200))
    other = bootstrap.intervals(account(), bootstrap.draw_days(DAYS, seed=6, resamples=200))
    assert one == same
    assert one != other
    assert all(interval is not None and interval[0] < interval[1] for interval in one.values())


def test_the_profit_of_an_account_without_drift_is_found_within_most_intervals() -> None:
    covered = 0
    for seed in range(60):
        drawn = bootstrap.draw_days(DAYS, seed=seed, resamples=100)
        interval = bootstrap.intervals(account(seed, drift=0.0), drawn)["profit_pct"]
        assert interval is not None
        covered += interval[0] <= 0.0 <= interval[1]
    assert 49 <= covered <= 60


def test_the_difference_of_an_account_from_itself_is_none_at_all() -> None:
    drawn = bootstrap.draw_days(DAYS, seed=1, resamples=100)
    assert bootstrap.difference_interval(account(), account(), drawn) == (0.0, 0.0)


def test_the_difference_is_taken_over_the_same_days() -> None:
    # The second account does what the first does and a little more each day: every resample says so.
    one = account()
    more = Days(one.steps + 1e-5, one.trades, one.wins, one.gains, one.losses, one.years)
    interval = bootstrap.difference_interval(more, one, bootstrap.draw_days(DAYS, seed=1, resamples=100))
    assert interval is not None
    assert interval[0] > 0


def test_few_days_with_movement_have_no_interval() -> None:
    still = account()
    steps = still.steps.copy()
    steps[9:] = 0.0
    quiet = Days(steps, still.trades, still.wins, still.gains, still.losses, still.years)
    found = bootstrap.intervals(quiet, bootstrap.draw_days(DAYS, seed=1, resamples=100))
    assert found["profit_pct"] is None
    assert found["win_rate"] is not None


def test_few_trades_have_no_interval() -> None:
    found = bootstrap.intervals(
        account(trades_a_day=9 / DAYS), bootstrap.draw_days(DAYS, seed=1, resamples=100)
    )
    assert found["profit_factor"] is None
    assert found["profit_pct"] is not None


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], None),
        ([None, None], None),
        ([1.0, None, 2.0], None),
        ([float(n) for n in range(101)], (2.5, 97.5)),
    ],
)
def test_an_interval_stands_only_on_values_that_are_mostly_defined(
    values: list[float | None], expected: tuple[float, float] | None
) -> None:
    assert bootstrap.percentiles(values) == pytest.approx(expected)
