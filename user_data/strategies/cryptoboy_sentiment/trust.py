"""Defines which signals may decide on trades, alone and together with other signals.

- A **doubtful** signal is suspected of being meant for a machine, or its source has weight 0. It neither opens nor
  closes a trade. All other signals are **trusted**.
- A **sound** signal is trusted, confident (its confidence is above the minimum for entries) and not degraded. A
  trusted signal that is not sound can close a trade, because an exit adds no risk.

The score for exits is the lowest of three scores: that of the newest trusted signal, that of the newest sound signal,
and that of a newer sound warning about the market. The score for entries is the lowest of the first two scores and
the scores of all newer doubtful signals. Entries also require that the newest trusted signal is confident and not
degraded.

Thus nobody can prevent an exit with a signal that is less trustworthy, and ignoring a signal never makes an entry
possible. `as_of` applies these rules to single signals, and `aggregate_as_of` applies them analogously to their mean.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

CONFIDENCE_ABOVE = 0.2
"""The confidence that a signal must exceed for an entry.

The LLM scorers answer in tenths, and answer 0 if they cannot judge. A signal matched by the article's lead keeps 0.8
of the confidence, and a signal about the market 0.5. Of the lexicon's signals with a score above 0.7, the least
confident has a confidence of 0.21."""

Booleans = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]


def trusted(signals: pd.DataFrame) -> Booleans:
    """Which rows of a frame like that of `signals_frame` are not doubtful."""
    is_suspected = signals["suspected"].to_numpy(dtype=bool)
    return np.asarray(~is_suspected & (signals["weight"].to_numpy(dtype=np.float64) > 0))


def confident(signals: pd.DataFrame, above: float) -> Booleans:
    """Which rows have a confidence higher than `above`."""
    return np.asarray(signals["confidence"].to_numpy(dtype=np.float64) > above)


def degraded(signals: pd.DataFrame) -> Booleans:
    """Which rows are from a fallback scorer; this includes the doubtful rows that this project's services wrote."""
    return signals["degraded"].to_numpy(dtype=bool)


def negative(signals: pd.DataFrame) -> Booleans:
    """Which rows have a score below 0."""
    return np.asarray(signals["score"].to_numpy(dtype=np.float64) < 0)


def owners(signals: pd.DataFrame) -> Integers:
    """For each row, the number of its source's owner; a source without an owner counts as its own owner."""
    (owner, its_names), (source, other_names) = (pd.factorize(signals[name]) for name in ("owner", "source"))
    numbers: dict[str, int] = {"": 0}
    of_owner, of_source = (
        np.array([numbers.setdefault(name.casefold(), len(numbers)) for name in names], dtype=np.int64)
        for names in (its_names, other_names)
    )
    number = of_owner[owner]
    return np.where(number == 0, of_source[source], number)
