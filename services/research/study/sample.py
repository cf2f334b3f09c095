"""Builds the sample of events with their returns for one horizon and delay, and computes figures of its subsets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from services.common.forward_returns import microseconds
from services.common.statistics.resampling import (
    NOTHING,
    Estimate,
    block_length,
    block_weights,
    estimate,
    independent_windows,
    rank_correlation,
)
from services.research.study.returns import Floats, Ints, Prices

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Design:
    """The settings that all samples of a study share. Times are microseconds since the epoch.

    Attributes:
        start, end: the period; blocks are counted from its start.
        resamples: the number of bootstrap resamples.
        seed: the seed of the resamples; the same seed gives exactly the same figures.
        min_events: subsets with fewer events have a count and no other figures.
    """

    start: int
    end: int
    resamples: int
    seed: int
    min_events: int


class Figures(NamedTuple):
    """The figures of a subset of a sample; returns are in percent, and an undefined figure is None.

    Attributes:
        events: the number of events with a return.
        independent: the largest number of their windows that do not overlap, counted over all pairs together.
        mean: the mean raw return with its interval, without a p because it mixes the signal with the market's drift.
        median: the median raw return.
        up_share: the share of raw returns above zero.
        abnormal: the mean return minus the mean return of the events' own pairs over the period.
        correlation: Spearman's correlation of score and raw return.
    """

    events: int
    independent: int
    mean: Estimate = NOTHING
    median: float | None = None
    up_share: float | None = None
    abnormal: Estimate = NOTHING
    correlation: Estimate = NOTHING


@dataclass(frozen=True, eq=False)
class Sample:
    """The events that have a return, with one array element for each event, and the draws that all figures share.

    Attributes:
        rows: the positions of these events in the study's frame.
        score: the score of each event, -1..+1.
        returns: the return of each event, in percent.
        entries: the opening times of the entry candles.
        pair: the number of each event's pair, which is a column of `baselines`.
        block: the number of the block of time in which available_at lies.
        weights: the draws of the blocks, as `block_weights` returns them.
        baseline: the mean return of each pair over the period.
        baselines: the mean return of each pair in each resample, shape (resamples, pairs).
        horizon: the horizon of the returns, in microseconds.
        min_events: the smallest number of events for figures, see `Design`.
    """

    rows: Ints
    score: Floats
    returns: Floats
    entries: Ints
    pair: Ints
    block: Ints
    weights: Floats
    baseline: Floats
    baselines: Floats
    horizon: int
    min_events: int

    def figures(self, among: Mask, *, correlate: bool) -> Figures:
        """Compute the figures of the events marked in `among`, which has one element for each event of the sample."""
        returns, block = self.returns[among], self.block[among]
        counts = Figures(int(returns.size), independent_windows(self.entries[among], self.horizon))
        if counts.events < self.min_events:
            return counts
        blocks, number = np.unique(block).size, self.weights.shape[1]
        drawn = self.weights @ np.bincount(block, minlength=number)
        total = self.weights @ np.bincount(block, returns, minlength=number)
        with np.errstate(invalid="ignore", divide="ignore"):
            means, expected = total / drawn, self._expected(among) / drawn
        normal = self.baseline[self.pair[among]].mean()
        mean = estimate(float(returns.mean()), means, blocks)
        return counts._replace(
            mean=mean._replace(p_value=None),
            median=float(np.median(returns)),
            up_share=float((returns > 0).mean()),
            abnormal=estimate(float(returns.mean() - normal), means - expected, blocks),
            correlation=(
                rank_correlation(self.score[among], returns, block, self.weights) if correlate else NOTHING
            ),
        )

    def _expected(self, among: Mask) -> Floats:
        """Return the sum of the mean returns of the drawn events' pairs, in each resample."""
        number = self.weights.shape[1]
        total = np.zeros(self.weights.shape[0])
        for pair in np.unique(self.pair[among]):
            events = np.bincount(self.block[among & (self.pair == pair)], minlength=number)
            total += (self.weights @ events) * self.baselines[:, pair]
        return total


def draw_sample(
    events: pd.DataFrame,
    prices: Mapping[str, Prices],
    design: Design,
    horizon: timedelta,
    delay: timedelta = timedelta(0),
) -> Sample:
    """Measure each event's return over `horizon` when entering `delay` after the event became available.

    Args:
        events: the frame of `Events`; each pair in it has `prices`.
        prices: the prices by pair.
        design: the settings that all samples of a study share.
        horizon: the length of the return, which these candles must be able to measure.
        delay: the delay of the entry; it is 0, or a delay that these candles can also measure.
    """
    names = sorted(prices)
    returns, entries = np.full(len(events), np.nan), np.full(len(events), -1, dtype=np.int64)
    available = np.asarray(events["available_at"].astype("int64"), dtype=np.int64)
    pair = np.asarray(events["pair"].map({name: code for code, name in enumerate(names)}), dtype=np.int64)
    length = microseconds(block_length(horizon))
    blocks = -(-(design.end - design.start) // length)
    weights = block_weights(blocks, design.resamples, design.seed, microseconds(horizon))
    baseline, baselines = np.empty(len(names)), np.empty((design.resamples, len(names)))
    for code, name in enumerate(names):
        own, forward = np.flatnonzero(pair == code), prices[name].forward_returns(horizon)
        rows = prices[name].entry_rows(available[own] + microseconds(delay))
        returns[own] = np.where(rows >= 0, forward[rows], np.nan)
        entries[own] = prices[name].opens[rows]
        baseline[code], baselines[:, code] = _own_mean(prices[name].opens, forward, design, length, weights)
    measured = np.flatnonzero(~np.isnan(returns))
    return Sample(
        rows=measured,
        score=events["score"].to_numpy(dtype=np.float64)[measured],
        returns=returns[measured],
        entries=entries[measured],
        pair=pair[measured],
        block=(available[measured] - design.start) // length,
        weights=weights,
        baseline=baseline,
        baselines=baselines,
        horizon=microseconds(horizon),
        min_events=design.min_events,
    )


def _own_mean(
    opens: Ints, forward: Floats, design: Design, block_length: int, weights: Floats
) -> tuple[float, Floats]:
    """Return a pair's mean return over the candles of the period, and in each resample; NaN without returns."""
    period = (opens >= design.start) & (opens < design.end) & ~np.isnan(forward)
    block = (opens[period] - design.start) // block_length
    counts = np.bincount(block, minlength=weights.shape[1])
    sums = np.bincount(block, forward[period], minlength=weights.shape[1])
    with np.errstate(invalid="ignore", divide="ignore"):
        return float(np.divide(sums.sum(), counts.sum())), (weights @ sums) / (weights @ counts)
