"""The control: the same news at another time.

All signals of all pairs are moved together around the period by one offset, and what leaves at its end comes back at
its start, `available_at` and `published` alike. This keeps how often news comes, its bursts, how long it counts and
which coins it names together; only its relation to the prices of the time is broken. Random shifts of one of two
series as a test of their connection are those of H. W. Lotwick and B. W. Silverman, "Methods for analysing spatial
processes of several types of points", Journal of the Royal Statistical Society B 44(3), 1982.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

SMALLEST_OFFSET = timedelta(hours=24)
FEWEST_CANDLES = 4  # a quarter of fewer is no candle
LARGEST_SHARE_EXCLUDED = 0.5
OFFSET_RULE = (
    "Offsets are whole candles, drawn evenly and independently, at least 24 hours (or a quarter of a shorter period) "
    "from no shift in either direction: signals count for hours and a story is retold for about a day, so a smaller "
    "shift would leave the news beside the prices it was about."
)

Ints = npt.NDArray[np.int64]


def random_offsets(length: int, candle: timedelta, runs: int, seed: int) -> tuple[int, ...]:
    """Offsets in candles for `runs` controls of a period of `length` candles, by `OFFSET_RULE`.

    The same arguments give the same offsets, and more runs begin with the offsets of fewer.

    Raises:
        ValueError: the period is shorter than four candles.
    """
    smallest = smallest_offset(length, candle)
    generator = np.random.default_rng([seed, length])
    return tuple(int(generator.integers(smallest, length - smallest, endpoint=True)) for _ in range(runs))


def smallest_offset(length: int, candle: timedelta) -> int:
    """The smallest offset, in candles, of a period of `length` candles. Raises ValueError below four candles."""
    if length < FEWEST_CANDLES:
        raise ValueError(f"a period of {length} candles is too short to shift signals around it")
    return max(1, min(-(-SMALLEST_OFFSET // candle), int(length * LARGEST_SHARE_EXCLUDED / 2)))


def shifted(signals: pd.DataFrame, start: datetime, end: datetime, offset: timedelta) -> pd.DataFrame:
    """The signals available in [start, end), moved around that period by `offset`, in order of available_at.

    Args:
        signals: as from `signals_frame`, of all pairs.
        start: of the period (UTC).
        end: of the period; it does not belong to it.
        offset: from zero to the length of the period.

    Returns:
        A frame of the same columns and types; signals available before or after the period are left out, because
        there is no other place for them to go.
    """
    inside = signals[(signals["available_at"] >= start) & (signals["available_at"] < end)]
    away = inside["available_at"] + offset
    moved = away.where(away < end, away - (end - start))
    delta = moved - inside["available_at"]
    there = inside.assign(available_at=moved, published=inside["published"] + delta)
    types = {name: signals[name].dtype for name in ("available_at", "published")}
    return there.astype(types).sort_values("available_at", kind="stable", ignore_index=True)
