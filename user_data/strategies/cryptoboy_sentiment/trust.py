"""Which signals may decide on trades, by themselves and beside others.

Exits go by the newest trusted signal, or by the newest sound one where that says less, or by a newer sound warning
about the market. Entries go by the lowest of the first two and of all doubtful signals that are newer, and only while
the newest trusted one is confident and not degraded.

So nobody hides an exit behind a signal that deserves less trust, and no entry becomes possible because a signal does
not count. `as_of` applies this to single signals, `aggregate_as_of` in the same sense to their mean.

- A **doubtful** signal is suspected of being meant for a machine, or its source has weight 0. It opens no trade and
  ends none. All others are **trusted**.
- A **sound** signal is trusted, confident (its confidence is above the minimum that entries want) and not degraded.
  A trusted one that is not sound can end a trade, as leaving is no new risk.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

CONFIDENCE_ABOVE = 0.2
"""Entries want more. The LLM scorers answer in tenths and say 0 where they cannot tell; a match by the lead keeps 0.8
of the confidence and one about the market 0.5. Of the lexicon's signals above 0.7 the least confident has 0.21."""

Booleans = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]


def trusted(signals: pd.DataFrame) -> Booleans:
    """Which rows of a frame, as from `signals_frame`, are not doubtful."""
    is_suspected = signals["suspected"].to_numpy(dtype=bool)
    return np.asarray(~is_suspected & (signals["weight"].to_numpy(dtype=np.float64) > 0))


def confident(signals: pd.DataFrame, above: float) -> Booleans:
    """Which rows have a confidence above this one."""
    return np.asarray(signals["confidence"].to_numpy(dtype=np.float64) > above)


def degraded(signals: pd.DataFrame) -> Booleans:
    """Which rows a fallback scorer made; doubtful ones that our services wrote are among them."""
    return signals["degraded"].to_numpy(dtype=bool)


def negative(signals: pd.DataFrame) -> Booleans:
    """Which rows have a score below 0."""
    return np.asarray(signals["score"].to_numpy(dtype=np.float64) < 0)


def owners(signals: pd.DataFrame) -> Integers:
    """A number for each row, the same for all sources of one owner; a source without one is its own."""
    (owner, its_names), (source, other_names) = (pd.factorize(signals[name]) for name in ("owner", "source"))
    numbers: dict[str, int] = {"": 0}
    of_owner, of_source = (
        np.array([numbers.setdefault(name.casefold(), len(numbers)) for name in names], dtype=np.int64)
        for names in (its_names, other_names)
    )
    number = of_owner[owner]
    return np.where(number == 0, of_source[source], number)
