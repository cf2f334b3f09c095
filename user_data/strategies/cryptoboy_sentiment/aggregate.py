"""Combines several recent signals into one number: a weighted mean, in which a weight decays with the signal's age.

The score of a candle that closes at t is

    A(t) = sum(c_o * w_i * s_i) / sum(c_o * w_i),
    w_i = weight_i * confidence_i * scope_i * log2(2 + corroboration_i) * 2 ** (-(t - published_i) / half_life)

over the signals in force at t. The decaying weighted mean of observations at irregular times is that of D. J. Wright,
"Forecasting data published at irregular time intervals using an extension of Holt's method", Management Science
32(4), 1986, with its smoothing constant written as a half-life. The other factors are this project's choices: a
signal about the whole market counts half as much as a signal about the asset (`SCOPE_WEIGHTS`), and a story that n
further sources report counts log2(2 + n) times, so that each further report adds less than the previous report.

The factor c_o limits the share of the owner o of a signal's source, so that no owner outweighs all others by
publishing more often. Upper and lower case of names make no difference, and a source without an owner counts as its
own owner. If W_o is the sum of the w_i of an owner's signals, M_o the greatest of these w_i, and V_o the sum of all
other owners' w_i:

    c_o = max(M_o, V_o) / W_o    if W_o is greater than M_o and V_o, and V_o is not 0; otherwise 1

A single strong signal is therefore never reduced, and if there is only one owner, its signals are not reduced.

The sum of the w_i measures the amount of evidence: it is 1 for one signal that was just published, has confidence 1,
is about the asset and comes from a source of weight 1. If the sum is below `MINIMUM_WEIGHT`, there is no sentiment.

Which signals count is defined with the terms of `trust`. For exits, the trusted signals count. For entries, the sound
signals count, but the score is at most the mean of the trusted signals and the negative doubtful signals together.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from cryptoboy_sentiment.merging import (
    MICROSECOND,
    STALENESS,
    Arrivals,
    Booleans,
    Floats,
    Integers,
    arrivals,
    microseconds,
    spans,
)
from cryptoboy_sentiment.news_events import number_in_force
from cryptoboy_sentiment.owner_share import Sums, Terms, sums
from cryptoboy_sentiment.trust import CONFIDENCE_ABOVE, confident, degraded, negative, owners, trusted

HALF_LIFE = timedelta(hours=2)
MINIMUM_WEIGHT = 0.1
SCOPE_WEIGHTS = {"asset": 1.0, "market": 0.5}
HEAVIEST = 1000.0  # a source weighs no more, so that sums stay finite
_TERMS_AT_ONCE = 1_000_000  # of the sums, to bound memory


class Aggregate(NamedTuple):
    """The aggregate of a pair's signals at one moment."""

    score: float  # -1..+1, or NaN: no sentiment
    weight: float  # sum of the weights, not negative
    signals: int  # how many take part
    status: str  # fresh, faded, doubtful or none


def aggregate_as_of(
    signals: pd.DataFrame,
    opens: "pd.Series[Any]",
    timeframe: timedelta,
    *,
    staleness: timedelta = STALENESS,
    half_life: timedelta = HALF_LIFE,
    last_unreadable: bool = False,
    arrived: Arrivals | None = None,
    confidence_above: float = CONFIDENCE_ABOVE,
) -> pd.DataFrame:
    """The aggregate that was available to each candle at its close; the formula is in this module's docstring.

    As in `as_of`, a signal counts if its `available_at` is strictly before the close and it was published at most
    `staleness` before the close; a correction replaces the signal that it corrects. Signals are added in the order of
    publication. The result is therefore the same to the last bit, whatever the order in which signals arrived, and
    whatever signals came before or after.

    Args:
        signals: one pair's signals, a frame like that of `signals_frame`, in any order.
        opens: opening times of the candles, oldest first, with a time zone, in any unit.
        timeframe: length of a candle.
        staleness: a signal that was published longer than this before the close does not count.
        half_life: the age since publication at which a signal's weight is halved; above 0.
        last_unreadable: whether the source could not be read for the last candle, on which the bot decides now.
        arrived: the `arrivals` of these signals, if they were computed before.
        confidence_above: a signal counts for entries only if its confidence is higher than this.

    Returns:
        A frame with the index of `opens`: sentiment_aggregate (-1..+1 or NaN; used for exits),
        sentiment_aggregate_reliable (used for entries), sentiment_aggregate_confident (used for entries if
        degraded signals are allowed), sentiment_aggregate_weight (the sum of the trusted signals' weights),
        sentiment_aggregate_signals (the number of these signals), sentiment_aggregate_status (fresh, faded, doubtful,
        none, unreadable).

    Raises:
        ValueError: half_life is not above 0, or candles are out of order or without a time zone.
    """
    close = microseconds(opens) + timeframe // MICROSECOND
    if half_life <= timedelta(0):
        raise ValueError(f"half_life is {half_life}, expected more than 0")
    if (np.diff(close) < 0).any():
        raise ValueError("candles are out of order, expected the oldest first")
    line = arrivals(signals) if arrived is None else arrived
    counted = _Counted(signals, line, close, staleness, half_life)
    found = counted.sums_of(_kinds(signals, confidence_above))
    total = found["trusted"]
    weight, count = total.weight.copy(), total.signals.copy()
    status = np.select(
        [(count == 0) & (counted.candles_with_any() > 0), count == 0, weight < MINIMUM_WEIGHT],
        ["doubtful", "none", "faded"],
        "fresh",
    ).astype(object)
    scores = {
        "": _score(total),
        "_reliable": _lower(_score(found["reliable"]), _score(found["reliable_or_negative"])),
        "_confident": _lower(_score(found["confident"]), _score(found["trusted_or_negative"])),
    }
    if last_unreadable:
        status[-1:], weight[-1:], count[-1:] = "unreadable", 0, 0
        for score in scores.values():
            score[-1:] = np.nan
    return pd.DataFrame(
        {
            **{f"sentiment_aggregate{name}": score for name, score in scores.items()},
            "sentiment_aggregate_weight": weight,
            "sentiment_aggregate_signals": count,
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
    """The aggregate of one pair's signals for a candle that closes at `moment` (with a time zone).

    Raises:
        ValueError: as in `aggregate_as_of`.
    """
    closing = pd.Series([moment], dtype="datetime64[us, UTC]")
    frame = aggregate_as_of(signals, closing, timedelta(0), staleness=staleness, half_life=half_life)
    ((score, _, _, weight, count, status),) = frame.itertuples(index=False, name=None)
    return Aggregate(score, weight, count, status)


def _kinds(signals: pd.DataFrame, confidence_above: float) -> dict[str, Booleans]:
    """For each kind of mean, a mask of the rows that count for this mean."""
    is_trusted, is_degraded = trusted(signals), degraded(signals)
    is_confident = is_trusted & confident(signals, confidence_above)
    is_warning = ~is_trusted & negative(signals)
    return {
        "trusted": is_trusted,
        "trusted_or_negative": is_trusted | is_warning,
        "confident": is_confident,
        "reliable": is_confident & ~is_degraded,
        "reliable_or_negative": (is_trusted & ~is_degraded) | is_warning,
    }


def _score(found: Sums) -> Floats:
    return np.where(found.weight >= MINIMUM_WEIGHT, found.mean, np.nan)


def _lower(score: Floats, bound: Floats) -> Floats:
    return np.where(np.isnan(score), np.nan, np.fmin(score, bound))


class _Counted:
    """One pair's signals in the order of publication, with the candles for which each signal counts."""

    def __init__(
        self,
        signals: pd.DataFrame,
        line: Arrivals,
        close: Integers,
        staleness: timedelta,
        half_life: timedelta,
    ) -> None:
        first, leaves = spans(line, close, staleness)
        order = line.by_newness[(leaves > first)[line.by_newness]]
        self._first, self._leaves = first[order], leaves[order]
        self._published, self._row = line.published[order], line.row[order]
        self._worth, self._owner = _worth(signals)[self._row], owners(signals)[self._row]
        self._score = signals["score"].to_numpy()[self._row]
        self._owners = int(self._owner.max(initial=0)) + 1
        self._close, self._half_life = close, half_life // MICROSECOND

    def candles_with_any(self) -> Integers:
        """The number of signals that count for each candle."""
        return number_in_force(self._first, self._leaves, len(self._close))

    def sums_of(self, kinds: Mapping[str, Booleans]) -> dict[str, Sums]:
        """The sums of each kind; kinds with the same rows are computed only once."""
        distinct = {rows.tobytes(): rows for rows in kinds.values()}
        parts: dict[bytes, list[Sums]] = {key: [] for key in distinct}
        for start, stop in self._pieces():
            one, terms = self._terms(start, stop)
            for key, rows in distinct.items():
                wanted = rows[self._row][one]
                chosen = terms if wanted.all() else terms.only(wanted)
                parts[key].append(sums(chosen, stop - start, self._owners))
        whole = {key: Sums(*map(np.concatenate, zip(*found, strict=True))) for key, found in parts.items()}
        return {kind: whole[rows.tobytes()] for kind, rows in kinds.items()}

    def _pieces(self) -> Iterator[tuple[int, int]]:
        """Ranges of candles, each so short that its terms and its sums by owner fit in memory together."""
        size = np.cumsum(self.candles_with_any() + self._owners)
        cuts = np.flatnonzero(np.diff(size // _TERMS_AT_ONCE)) + 1
        edges = [0, *cuts.tolist(), len(self._close)]
        return pairwise(edges)

    def _terms(self, start: int, stop: int) -> tuple[Integers, Terms]:
        """For each term, the index of its signal; and the terms of the candles from `start` up to `stop`."""
        some = np.flatnonzero((self._first < stop) & (self._leaves > start))
        first, leaves = np.maximum(self._first[some], start), np.minimum(self._leaves[some], stop)
        candles = leaves - first
        one = np.repeat(some, candles)
        steps = np.arange(len(one)) - np.repeat(np.cumsum(candles) - candles, candles)
        candle = np.repeat(first, candles) + steps
        age = (self._close[candle] - self._published[one]) / self._half_life
        weight = self._worth[one] * np.exp2(-age)
        return one, Terms(candle - start, weight, self._score[one], self._owner[one])


def _worth(signals: pd.DataFrame) -> Floats:
    """The weight of each signal at the time of its publication."""
    weight, confidence, corroboration = (
        signals[name].to_numpy(dtype=np.float64) for name in ("weight", "confidence", "corroboration")
    )
    scope = np.where(signals["scope"] == "asset", SCOPE_WEIGHTS["asset"], SCOPE_WEIGHTS["market"])
    return np.asarray(np.minimum(weight, HEAVIEST) * confidence * scope * np.log2(2 + corroboration))
