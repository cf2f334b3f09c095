"""Makes the controls' signals: the same news, moved to another time.

All signals of all pairs are moved together by one offset around the period: signals moved beyond its end continue at
its start. `available_at` and `published` move alike. The frequency of news, its bursts, how long a signal counts and
which coins an article names together stay the same; only the relation between news and prices is broken. Testing the
connection of two series by random shifts of one of them is the method of H. W. Lotwick and B. W. Silverman, "Methods
for analysing spatial processes of several types of points", Journal of the Royal Statistical Society B 44(3), 1982.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

SMALLEST_OFFSET = timedelta(hours=24)
FEWEST_CANDLES = 4  # a quarter of fewer candles is less than one candle
LARGEST_SHARE_EXCLUDED = 0.5
OFFSET_RULE = (
    "Offsets are whole candles, drawn evenly and independently, at least 24 hours (or a quarter of a shorter period) "
    "from no shift in either direction: signals count for hours and a story is retold for about a day, so a smaller "
    "shift would leave the news beside the prices it was about."
)

Ints = npt.NDArray[np.int64]


def random_offsets(length: int, candle: timedelta, runs: int, seed: int) -> tuple[int, ...]:
    """Draw offsets in candles for `runs` controls of a period of `length` candles, by `OFFSET_RULE`.

    The same arguments give the same offsets, and fewer runs get the first of the offsets that more runs get.

    Raises:
        ValueError: the period is shorter than four candles.
    """
    smallest = smallest_offset(length, candle)
    generator = np.random.default_rng([seed, length])
    return tuple(int(generator.integers(smallest, length - smallest, endpoint=True)) for _ in range(runs))


def smallest_offset(length: int, candle: timedelta) -> int:
    """Return the smallest offset for a period of `length` candles, in candles. Raises ValueError if `length` < 4."""
    if length < FEWEST_CANDLES:
        raise ValueError(f"a period of {length} candles is too short to shift signals around it")
    return max(1, min(-(-SMALLEST_OFFSET // candle), int(length * LARGEST_SHARE_EXCLUDED / 2)))


def shifted(signals: pd.DataFrame, start: datetime, end: datetime, offset: timedelta) -> pd.DataFrame:
    """Move the signals available in [start, end) by `offset`, and sort them by available_at.

    Signals that would be moved beyond `end` continue at `start`.

    Args:
        signals: the signals of all pairs, as `signals_frame` returns them.
        start: the start of the period (UTC).
        end: the end of the period (UTC), which is excluded.
        offset: the shift, from zero to the length of the period.

    Returns:
        A frame of the same columns and types. Signals that became available before or after the period are left out,
        because the shift applies only to the period.
    """
    inside = signals[(signals["available_at"] >= start) & (signals["available_at"] < end)]
    away = inside["available_at"] + offset
    moved = away.where(away < end, away - (end - start))
    delta = moved - inside["available_at"]
    there = inside.assign(available_at=moved, published=inside["published"] + delta)
    types = {name: signals[name].dtype for name in ("available_at", "published")}
    return there.astype(types).sort_values("available_at", kind="stable", ignore_index=True)
