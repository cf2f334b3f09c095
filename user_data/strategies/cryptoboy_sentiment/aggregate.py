"""One number from several recent signals: a mean that forgets, weighted by how much each signal is worth.

The score of a candle that closes at t is

    A(t) = sum(w_i * s_i) / sum(w_i),    w_i = weight_i * confidence_i * scope_i * log2(2 + corroboration_i)
                                               * 2 ** (-(t - published_i) / half_life)

over the signals in force at t. The decaying weighted mean of observations at irregular times is that of D. J. Wright,
"Forecasting data published at irregular time intervals using an extension of Holt's method", Management Science
32(4), 1986, with its smoothing constant written as a half-life. The other factors are this project's choices: a
signal about the whole market counts half as much as one about the asset (`SCOPE_WEIGHTS`), and a story that n
further sources tell counts log2(2 + n) times, so that each retelling adds less than the one before.

The sum of the weights says how much there is to go by: 1 is one signal, just published, sure of itself, about the
asset and from a source of weight 1. Below `MINIMUM_WEIGHT` the score has faded to no sentiment.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from cryptoboy_sentiment.merging import (
    MICROSECOND,
    STALENESS,
    Arrivals,
    Booleans,
    Integers,
    arrivals,
    microseconds,
)

HALF_LIFE = timedelta(hours=2)
MINIMUM_WEIGHT = 0.1
SCOPE_WEIGHTS = {"asset": 1.0, "market": 0.5}
HEAVIEST = 1000.0  # a source weighs no more, so that sums stay finite
_TERMS_AT_ONCE = 1_000_000  # of the sums, to bound memory

Floats = npt.NDArray[np.float64]


class Aggregate(NamedTuple):
    """The aggregate at one moment."""

    score: float  # -1..+1, or NaN: no sentiment
    weight: float  # sum of the weights, not negative
    signals: int  # how many take part
    status: str  # fresh, faded or none


def aggregate_as_of(
    signals: pd.DataFrame,
    opens: "pd.Series[Any]",
    timeframe: timedelta,
    *,
    staleness: timedelta = STALENESS,
    half_life: timedelta = HALF_LIFE,
    last_unreadable: bool = False,
    arrived: Arrivals | None = None,
) -> pd.DataFrame:
    """The aggregate that each candle could know at its close; the formula is at the top of this module.

    Counted are, as in `as_of`, signals with `available_at` strictly before the close, corrections in place of what
    they correct, and published at most `staleness` before the close. Adding up in the order of publication makes the
    result the same to the last bit in whatever order signals arrived, and whatever came before or after.

    Args:
        signals: one pair's signals, as from `signals_frame`, in any order.
        opens: opening times of the candles, oldest first, with a time zone, in any unit.
        timeframe: length of a candle.
        staleness: a signal published longer before the close than this does not count.
        half_life: after which time since publication a signal counts half; above 0.
        last_unreadable: the source could not be read for the last candle, the one being decided.
        arrived: the `arrivals` of these signals, where they are at hand.

    Returns:
        A frame with the index of `opens`: sentiment_aggregate (-1..+1 or NaN), sentiment_aggregate_reliable (the
        same without degraded signals), sentiment_aggregate_weight (the sum of the weights),
        sentiment_aggregate_signals (how many), sentiment_aggregate_status (fresh, faded, none, unreadable).

    Raises:
        ValueError: half_life is not above 0, or candles are out of order or without a time zone.
    """
    close = microseconds(opens) + timeframe // MICROSECOND
    if half_life <= timedelta(0):
        raise ValueError(f"half_life is {half_life}, expected more than 0")
    if (np.diff(close) < 0).any():
        raise ValueError("candles are out of order, expected the oldest first")
    line = arrivals(signals) if arrived is None else arrived
    total, reliable = _Sums(len(close)), _Sums(len(close))
    for candle, weight, score, is_degraded in _terms(signals, line, close, staleness, half_life):
        total.add(candle, weight, score)
        reliable.add(candle[~is_degraded], weight[~is_degraded], score[~is_degraded])
    if last_unreadable:
        total.forget_last()
        reliable.forget_last()
    status = np.select([total.count == 0, total.weight < MINIMUM_WEIGHT], ["none", "faded"], "fresh")
    status = status.astype(object)
    if last_unreadable:
        status[-1:] = "unreadable"
    return pd.DataFrame(
        {
            "sentiment_aggregate": total.mean(),
            "sentiment_aggregate_reliable": reliable.mean(),
            "sentiment_aggregate_weight": total.weight,
            "sentiment_aggregate_signals": total.count,
            "sentiment_aggregate_status": pd.array(status, dtype="str"),
        },
        index=opens.index,
    )


def aggregate_at(
    signals: pd.DataFrame,
    moment: datetime,
    *,
    staleness: timedelta = STALENESS,
    half_life: timedelta = HALF_LIFE,
) -> Aggregate:
    """The aggregate that a candle closing at `moment` (with a time zone) would know of one pair's signals.

    Raises:
        ValueError: as `aggregate_as_of`.
    """
    closing = pd.Series([moment], dtype="datetime64[us, UTC]")
    frame = aggregate_as_of(signals, closing, timedelta(0), staleness=staleness, half_life=half_life)
    ((score, _, weight, count, status),) = frame.itertuples(index=False, name=None)
    return Aggregate(score, weight, count, status)


class _Sums:
    """For each candle: the weights, the weighted scores and the signals so far."""

    def __init__(self, candles: int) -> None:
        self.weight: Floats = np.zeros(candles)
        self.count: Integers = np.zeros(candles, dtype=np.int64)
        self._score: Floats = np.zeros(candles)

    def add(self, candle: Integers, weight: Floats, score: Floats) -> None:
        # One term after the other: sums of partial sums would depend on how the terms are cut into pieces.
        np.add.at(self.weight, candle, weight)
        np.add.at(self._score, candle, weight * score)
        np.add.at(self.count, candle, 1)

    def forget_last(self) -> None:
        for sums in (self.weight, self._score, self.count):
            sums[-1:] = 0

    def mean(self) -> Floats:
        enough = self.weight >= MINIMUM_WEIGHT
        mean: Floats = np.divide(self._score, self.weight, out=np.full(len(enough), np.nan), where=enough)
        return np.clip(mean, -1.0, 1.0)


def _terms(
    signals: pd.DataFrame, line: Arrivals, close: Integers, staleness: timedelta, half_life: timedelta
) -> Iterator[tuple[Integers, Floats, Floats, Booleans]]:
    """Candle, weight, score and degraded of every signal at every candle that it counts for, in pieces."""
    first, leaves = _span(line, close, staleness)
    row = line.row[line.by_newness]
    published = line.published[line.by_newness]
    candles = np.maximum(leaves - first, 0)[line.by_newness]
    first = first[line.by_newness]
    worth = _worth(signals)[row]
    score, is_degraded = signals["score"].to_numpy()[row], signals["degraded"].to_numpy(dtype=bool)[row]

    before = np.cumsum(candles) - candles
    for piece in np.split(np.arange(len(row)), np.flatnonzero(np.diff(before // _TERMS_AT_ONCE)) + 1):
        one = np.repeat(piece, candles[piece])
        steps = np.arange(len(one)) - np.repeat(before[piece] - before[piece[:1]], candles[piece])
        candle = first[one] + steps
        age = (close[candle] - published[one]) / (half_life // MICROSECOND)
        yield candle, worth[one] * np.exp2(-age), score[one], is_degraded[one]


def _span(line: Arrivals, close: Integers, staleness: timedelta) -> tuple[Integers, Integers]:
    """The first candle that each arrival counts for, and the first after it that it does not."""
    corrected = np.append(line.available, np.iinfo(np.int64).max)[line.until]
    until = np.minimum(corrected, line.published + staleness // MICROSECOND)
    return np.searchsorted(close, line.available, "right"), np.searchsorted(close, until, "right")


def _worth(signals: pd.DataFrame) -> Floats:
    """What each signal weighs when it is published."""
    weight, confidence, corroboration = (
        signals[name].to_numpy(dtype=np.float64) for name in ("weight", "confidence", "corroboration")
    )
    scope = np.where(signals["scope"] == "asset", SCOPE_WEIGHTS["asset"], SCOPE_WEIGHTS["market"])
    return np.asarray(np.minimum(weight, HEAVIEST) * confidence * scope * np.log2(2 + corroboration))
