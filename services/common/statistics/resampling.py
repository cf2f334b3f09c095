"""Statistics for overlapping events: resampling of blocks of time, rank correlation, and multiple tests.

Returns after neighbouring signals share most of their time, and coins move together, so single events are not
independent observations. Whole blocks of time are therefore resampled, with all events and pairs in them (Künsch,
"The jackknife and the bootstrap for general stationary observations", 1989, with fixed blocks).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from services.common.statistics.student_t import tail, tail_limit

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

CONFIDENCE = 0.95
MIN_BLOCKS = 10
"""The smallest number of blocks with events for which there are an interval and a p, because resampling fewer blocks
is meaningless."""
_DAY = timedelta(days=1)
_CELLS_AT_ONCE = 2_000_000  # limits the memory that the resampled ranks need
_USABLE = 0.9
"""The share of the resamples in which a figure must be defined if its interval is to be given."""


class Estimate(NamedTuple):
    """A figure with its 95% interval and its two-sided p against zero; undefined values are None."""

    value: float | None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None


NOTHING = Estimate(None)


def block_length(horizon: timedelta) -> timedelta:
    """Return the length of the resampled blocks: two horizons, but at least a day.

    In blocks of two horizons, most windows of returns end in the block in which they start. A day is the minimum
    because news items of the same day depend on each other.
    """
    return max(_DAY, 2 * horizon)


def block_weights(blocks: int, resamples: int, seed: int, stream: int) -> Floats:
    """Draw how often each block occurs in each resample: shape (resamples, blocks); every row sums to `blocks`.

    The same arguments give the same draws; different values of `stream` give different draws for the same seed.
    """
    generator = np.random.default_rng([seed, stream])
    even = np.full(blocks, 1 / blocks)
    return generator.multinomial(blocks, even, size=resamples).astype(np.float64)


def estimate(value: float, resampled: Floats, blocks_with_events: int) -> Estimate:
    """Estimate the interval and p of `value` from the spread of its resamples, in which NaN means undefined.

    Interval and p use Student's t with one degree of freedom less than there are blocks. Few blocks therefore give
    wide intervals, and p is not limited by the number of resamples, which matters for many tests at once.
    """
    if not np.isfinite(value):
        return NOTHING
    usable = resampled[np.isfinite(resampled)]
    if blocks_with_events < MIN_BLOCKS or usable.size < _USABLE * resampled.size:
        return Estimate(value)
    error = float(usable.std(ddof=1))
    if error == 0:
        return Estimate(value)
    freedom = blocks_with_events - 1
    reach = error * tail_limit((1 - CONFIDENCE) / 2, freedom)
    return Estimate(value, value - reach, value + reach, 2 * tail(abs(value) / error, freedom))


def rank_correlation(first: Floats, second: Floats, block: Ints, weights: Floats) -> Estimate:
    """Estimate Spearman's correlation of two series; the interval is from `block_weights` of the values' blocks."""
    if not first.size:
        return NOTHING
    # Articles come in batches: many events are equal in score, return and block, and are counted as one here.
    alike, times = np.unique(
        np.column_stack([_codes(second), _codes(first), block]), axis=0, return_counts=True
    )
    ranks = _Ranks(first=alike[:, 1], second=alike[:, 0])
    whole = ranks.correlations(times[np.newaxis, :].astype(np.float64))[0]
    at_once = max(1, _CELLS_AT_ONCE // len(alike))
    resampled = [
        ranks.correlations(weights[start : start + at_once, alike[:, 2]] * times)
        for start in range(0, len(weights), at_once)
    ]
    return estimate(float(whole), np.concatenate(resampled), np.unique(block).size)


@dataclass(frozen=True, eq=False)
class _Ranks:
    """Pairs of values, coded as consecutive integers that keep their order; `second` is in rising order."""

    first: Ints
    second: Ints

    def correlations(self, weights: Floats) -> Floats:
        """For each row of weights, return Spearman's correlation as if pair i occurred weights[row, i] times.

        Tied values have their mean rank. The result is NaN if all first or all second values are equal.
        """
        by_first = np.argsort(self.first, kind="stable")
        first, first_spread = _centred_ranks(self.first[by_first], weights[:, by_first])
        second, second_spread = _centred_ranks(self.second, weights)
        common = np.einsum("ij,ij,ij->i", weights, first[:, self.first], second[:, self.second])
        spread = first_spread * second_spread
        found = np.full(len(weights), np.nan)
        np.divide(common, np.sqrt(spread), out=found, where=spread > 0)
        return found


def _codes(values: Floats) -> Ints:
    return np.unique(values, return_inverse=True)[1].astype(np.int64)


def _centred_ranks(rising: Ints, weights: Floats) -> tuple[Floats, Floats]:
    """For each row of weights, return each code's mean rank minus the overall mean, and the sum of squares."""
    starts = np.flatnonzero(np.diff(rising, prepend=-1))
    weight = np.add.reduceat(weights, starts, axis=1)
    ranks = np.cumsum(weight, axis=1) - weight / 2
    ranks -= weight.sum(axis=1, keepdims=True) / 2  # the mean of the mid-ranks, which ties do not change
    return ranks, np.einsum("ij,ij,ij->i", weight, ranks, ranks)


def independent_windows(starts: Ints, length: int) -> int:
    """Return the largest number of windows with these starts and this `length` that do not overlap."""
    ordered = np.unique(starts)
    count = position = 0
    while position < ordered.size:
        count += 1
        position = int(np.searchsorted(ordered, ordered[position] + length, side="left"))
    return count


def share_interval(share: float, trials: int) -> tuple[float, float]:
    """Return the 95% interval of a share that was observed in independent trials (E. B. Wilson 1927)."""
    z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    spread = z * z / trials
    centre = (share + spread / 2) / (1 + spread)
    reach = z * math.sqrt(share * (1 - share) / trials + spread / (4 * trials)) / (1 + spread)
    return max(0.0, centre - reach), min(1.0, centre + reach)


def discoveries(p_values: list[float], rate: float) -> list[bool]:
    """Decide which tests are significant if on average at most a share `rate` of the significant ones may be false.

    Benjamini and Hochberg, "Controlling the false discovery rate", 1995. The results are in the order of `p_values`.
    """
    count = len(p_values)
    if not count:
        return []
    ordered = np.sort(np.array(p_values))
    under = np.flatnonzero(ordered <= rate * np.arange(1, count + 1) / count)
    limit = float(ordered[under[-1]]) if under.size else -1.0
    return [p <= limit for p in p_values]
