"""Statistics for events that overlap: resampling of blocks of time, rank correlation, and many tests at once.

Returns after neighbouring signals share most of their time, and coins move together, so single events are no
independent observations. Resampled are therefore whole blocks of time, with all events and pairs in them
(Künsch, "The jackknife and the bootstrap for general stationary observations", 1989, with fixed blocks).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import stats  # type: ignore[import-untyped]  # publishes no types

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

CONFIDENCE = 0.95
MIN_BLOCKS = 10
"""Blocks with events below which there is no interval and no p: a handful of blocks resampled says nothing."""
_USABLE = 0.9
"""Share of the resamples in which a figure must be defined for its interval to stand."""


class Estimate(NamedTuple):
    """A figure with its 95% interval and two-sided p against zero; each None when it cannot be said."""

    value: float | None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None


NOTHING = Estimate(None)


def block_weights(blocks: int, resamples: int, seed: int, stream: int) -> Floats:
    """How often each block is drawn in each resample: shape (resamples, blocks), every row sums to `blocks`.

    The same arguments give the same draws; `stream` tells apart draws that share a seed.
    """
    generator = np.random.default_rng([seed, stream])
    even = np.full(blocks, 1 / blocks)
    return generator.multinomial(blocks, even, size=resamples).astype(np.float64)


def estimate(value: float, resampled: Floats, blocks_with_events: int) -> Estimate:
    """`value` with interval and p from the spread of its resamples; those in which it is undefined are NaN.

    Both are Student's t with one degree of freedom less than there are blocks, so that few blocks make wide
    intervals, and p is not limited by the number of resamples, which many tests at once need.
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
    reach = error * float(stats.t.isf((1 - CONFIDENCE) / 2, freedom))
    return Estimate(value, value - reach, value + reach, 2 * float(stats.t.sf(abs(value) / error, freedom)))


@dataclass(frozen=True, eq=False)
class Ranks:
    """Pairs of values, prepared for rank correlations under many weightings."""

    first: Ints
    second: Ints

    @classmethod
    def of(cls, first: Floats, second: Floats) -> Ranks:
        """Prepare two finite series of the same length."""
        return cls(np.unique(first, return_inverse=True)[1], np.unique(second, return_inverse=True)[1])

    def correlation(self, weights: Floats) -> float:
        """Spearman's correlation, ties at their mean rank, as if value i were there weights[i] times; may be NaN."""
        first, first_spread = _centred_ranks(self.first, weights)
        second, second_spread = _centred_ranks(self.second, weights)
        spread = first_spread * second_spread
        return float(np.sum(weights * first * second) / np.sqrt(spread)) if spread > 0 else float("nan")


def _centred_ranks(codes: Ints, weights: Floats) -> tuple[Floats, float]:
    weight = np.bincount(codes, weights)
    ranks = np.cumsum(weight) - weight / 2
    ranks -= weight.sum() / 2  # the mean of mid-ranks, whatever the ties
    return ranks[codes], float(np.sum(weight * ranks**2))


def rank_correlation(first: Floats, second: Floats, block: Ints, weights: Floats) -> Estimate:
    """Spearman's correlation of two series whose values lie in the given blocks, `weights` as `block_weights`."""
    if not first.size:
        return NOTHING
    ranks = Ranks.of(first, second)
    whole = ranks.correlation(np.ones(first.size))
    # Articles come in batches: many events are equal in score, return and block, and are counted as one here.
    alike, times = np.unique(np.column_stack([ranks.first, ranks.second, block]), axis=0, return_counts=True)
    ranks, blocks = Ranks(alike[:, 0], alike[:, 1]), alike[:, 2]
    resampled = np.array([ranks.correlation(row[blocks] * times) for row in weights])
    return estimate(whole, resampled, np.unique(block).size)


def independent_windows(starts: Ints, length: int) -> int:
    """How many windows of `length` from these starts fit without overlapping: the most there can be."""
    ordered = np.unique(starts)
    count = position = 0
    while position < ordered.size:
        count += 1
        position = int(np.searchsorted(ordered, ordered[position] + length, side="left"))
    return count


def discoveries(p_values: list[float], rate: float) -> list[bool]:
    """Which tests stand when at most a share `rate` of those that stand may be false, on average.

    Benjamini and Hochberg, "Controlling the false discovery rate", 1995; in the order given.
    """
    count = len(p_values)
    if not count:
        return []
    ordered = np.sort(np.array(p_values))
    under = np.flatnonzero(ordered <= rate * np.arange(1, count + 1) / count)
    limit = float(ordered[under[-1]]) if under.size else -1.0
    return [p <= limit for p in p_values]
