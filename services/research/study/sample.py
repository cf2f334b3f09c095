"""The events of a study with their returns for one horizon and one delay, and the figures of any part of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from services.research.study.returns import Floats, Ints, Prices, microseconds
from services.research.study.statistics import (
    NOTHING,
    Estimate,
    block_weights,
    estimate,
    independent_windows,
    rank_correlation,
)

Mask = npt.NDArray[np.bool_]
_DAY = timedelta(days=1)


def block_length(horizon: timedelta) -> timedelta:
    """How long the resampled blocks are: two horizons, so that most windows end in the block where they start.

    At least a day, because the news of a day is dependent.
    """
    return max(_DAY, 2 * horizon)


@dataclass(frozen=True)
class Design:
    """What holds for all samples of a study. Times are microseconds since the epoch.

    Attributes:
        start, end: the period; blocks are counted from its start.
        resamples: number of bootstrap resamples.
        seed: the same seed gives the same figures to the last digit.
        min_events: parts with fewer events have a count and no figure.
    """

    start: int
    end: int
    resamples: int
    seed: int
    min_events: int


class Figures(NamedTuple):
    """The figures of one part of a sample; returns in percent, None where a figure is undefined.

    Attributes:
        events: with a return.
        independent: the most of their windows that do not overlap, whatever the pair.
        mean: the raw return, with its interval (no p: it mixes the signal with the market's drift).
        median: the raw return's median.
        up_share: share of raw returns above zero.
        abnormal: the mean return less each pair's own mean over the period.
        correlation: Spearman's, of score and raw return.
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
    """The events that have a return, one array element each, with the draws that all their figures share.

    Attributes:
        rows: positions of these events in the study's frame.
        score: -1..+1.
        returns: in percent.
        entries: opening times of the entry candles.
        pair: number of the pair, a column of `baselines`.
        block: number of the block of time that available_at lies in.
        weights: as from `block_weights`.
        baseline: mean return of each pair over the period.
        baselines: the same in each resample, shape (resamples, pairs).
        horizon: microseconds.
        min_events: see `Design`.
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
        """The figures of the events marked in `among` (one element for each of the sample's events)."""
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
        """The sum of the pairs' own mean returns over the drawn events, in each resample."""
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
    """Measure each event's return over `horizon`, entered `delay` after it became available.

    Args:
        events: `Events.frame`; each pair has `prices`.
        prices: by pair.
        design: what the samples of a study have in common.
        horizon: measurable with these candles.
        delay: measurable too, or 0.
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
    """A pair's mean return from all candles of the period, and the same in each resample; NaN without any."""
    period = (opens >= design.start) & (opens < design.end) & ~np.isnan(forward)
    block = (opens[period] - design.start) // block_length
    counts = np.bincount(block, minlength=weights.shape[1])
    sums = np.bincount(block, forward[period], minlength=weights.shape[1])
    with np.errstate(invalid="ignore", divide="ignore"):
        return float(np.divide(sums.sum(), counts.sum())), (weights @ sums) / (weights @ counts)
