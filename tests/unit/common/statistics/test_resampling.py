"""The statistics of an event study, each against a plain computation of the same thing."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats  # type: ignore[import-untyped]  # publishes no types

from services.common.statistics.resampling import (
    MIN_BLOCKS,
    NOTHING,
    Estimate,
    block_weights,
    discoveries,
    estimate,
    independent_windows,
    rank_correlation,
)
from services.common.statistics.student_t import tail, tail_limit


def test_draws_repeat_with_their_seed_and_differ_between_seeds_and_streams() -> None:
    first = block_weights(12, 50, seed=1, stream=7)
    assert np.array_equal(first, block_weights(12, 50, seed=1, stream=7))
    assert not np.array_equal(first, block_weights(12, 50, seed=2, stream=7))
    assert not np.array_equal(first, block_weights(12, 50, seed=1, stream=8))
    assert (first.sum(axis=1) == 12).all()


@given(st.integers(0, 10_000))
def test_the_rank_correlation_of_a_resample_is_that_of_the_drawn_values(seed: int) -> None:
    random = np.random.default_rng(seed)
    score = random.integers(-3, 4, 40) / 4  # with ties
    returns = np.round(random.normal(size=40), 1)
    block = np.sort(random.integers(0, MIN_BLOCKS + 2, 40))
    weights = block_weights(int(block.max()) + 1, 3, seed, 0)

    found = rank_correlation(score, returns, block, weights)

    drawn = [np.repeat(np.arange(40), row[block].astype(int)) for row in weights]
    resampled = np.array([stats.spearmanr(score[rows], returns[rows]).statistic for rows in drawn])
    assert found.value == pytest.approx(stats.spearmanr(score, returns).statistic)
    expected = estimate(found.value or 0.0, resampled, np.unique(block).size)
    assert found == pytest.approx(expected)


def test_a_constant_score_has_no_rank_correlation() -> None:
    block = np.arange(20)
    assert rank_correlation(np.zeros(20), np.arange(20.0), block, block_weights(20, 10, 1, 0)) == NOTHING
    empty: Any = np.array([])
    assert rank_correlation(empty, empty, empty.astype(int), block_weights(20, 10, 1, 0)) == NOTHING


def test_an_interval_and_p_come_from_the_spread_of_the_resamples() -> None:
    resampled = np.random.default_rng(1).normal(0.5, 0.2, 4000)
    found = estimate(0.5, resampled, blocks_with_events=61)
    assert found.low == pytest.approx(0.5 - 2.0003 * 0.2, abs=0.01)
    assert found.high == pytest.approx(0.5 + 2.0003 * 0.2, abs=0.01)
    assert found.p_value == pytest.approx(2 * stats.t.sf(2.5, 60), rel=0.2)


@given(st.floats(0, 50), st.integers(1, 400))
def test_the_tail_of_students_t_is_that_of_another_program(value: float, freedom: int) -> None:
    assert tail(value, freedom) == pytest.approx(float(stats.t.sf(value, freedom)), rel=1e-9, abs=1e-12)


@given(st.floats(1e-6, 0.499), st.integers(1, 400))
def test_the_limit_of_a_tail_has_that_tail(probability: float, freedom: int) -> None:
    assert tail(tail_limit(probability, freedom), freedom) == pytest.approx(probability, rel=1e-6)


def test_few_blocks_or_undefined_resamples_leave_a_value_without_an_interval() -> None:
    resampled = np.linspace(0, 1, 100)
    assert estimate(0.5, resampled, MIN_BLOCKS - 1) == Estimate(0.5)
    assert estimate(0.5, resampled, MIN_BLOCKS).low is not None
    half_undefined = np.where(np.arange(100) % 2, resampled, np.nan)
    assert estimate(0.5, half_undefined, MIN_BLOCKS) == Estimate(0.5)
    assert estimate(0.5, np.full(100, 0.5), MIN_BLOCKS) == Estimate(0.5)
    assert estimate(float("nan"), resampled, MIN_BLOCKS) == NOTHING


@given(st.lists(st.integers(0, 60), max_size=12), st.integers(1, 15))
def test_windows_that_do_not_overlap_are_counted_as_many_as_fit(starts: list[int], length: int) -> None:
    most = 0
    for chosen in range(1 << len(set(starts))):
        picked = [start for bit, start in enumerate(sorted(set(starts))) if chosen >> bit & 1]
        if all(later - earlier >= length for earlier, later in itertools.pairwise(picked)):
            most = max(most, len(picked))
    assert independent_windows(np.array(starts, dtype=np.int64), length) == most


def test_discoveries_follow_benjamini_and_hochberg() -> None:
    # 0.05 k / 8: 0.00625 0.0125 0.01875 0.025 0.03125 0.0375 ...; the largest p under its limit is 0.0181
    p_values = [0.205, 0.001, 0.0181, 0.039, 0.008, 0.041, 0.042, 0.9]
    assert discoveries(p_values, 0.05) == [False, True, True, False, True, False, False, False]
    # a p above its own limit stands when a larger one lies below its limit
    assert discoveries([0.04, 0.045], 0.05) == [True, True]
    assert discoveries([0.2, 0.3], 0.05) == [False, False]
    assert discoveries([], 0.05) == []


def test_news_that_comes_in_batches_is_not_taken_for_evidence() -> None:
    """Thirty articles an hour share the next hour's return: single events would find something half the time."""
    random = np.random.default_rng(11)
    found, naive = 0, 0
    studies = 30
    for study in range(studies):
        hours = 20 * 24
        mood = np.repeat(random.normal(size=20), 24) + random.normal(size=hours) * 0.5  # sentiment of the day
        score = np.repeat(mood, 10) + random.normal(size=hours * 10) * 0.2
        returns = np.repeat(random.normal(size=hours), 10)
        block = np.repeat(np.arange(20), 240)
        outcome = rank_correlation(score, returns, block, block_weights(20, 100, study, 0))
        found += (outcome.p_value or 1) < 0.05
        naive += stats.spearmanr(score, returns).pvalue < 0.05
    assert found <= 0.2 * studies
    assert naive >= 0.4 * studies
