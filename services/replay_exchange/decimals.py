"""Writes numbers as Binance does, as decimal text with at least eight places and no binary rounding errors."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

PLACES = 8
# Below this, eight places are at most fifteen significant digits, which a float holds exactly as written.
_EXACT_BELOW = 1e7


def as_text(value: float) -> str:
    """Return the shortest decimal text that parses to exactly `value`, with at least eight places.

    For example, 69979.98 becomes 69979.98000000.
    """
    if abs(value) < _EXACT_BELOW:
        text = f"{value:.{PLACES}f}"
        if float(text) == value:
            return text
    shortest = format(Decimal(repr(value)), "f")
    whole, _, places = shortest.partition(".")
    return f"{whole}.{places.ljust(PLACES, '0')}"


def unit_text(places: int) -> str:
    """Return the value of one unit in the last of `places` decimal places. For example, 2 becomes 0.01000000."""
    return as_text(float(Decimal(1).scaleb(-places)))


def decimal_places(values: Floats) -> int:
    """Return the smallest number of decimal places (at most eight) with which every value can be written exactly."""
    for places in range(PLACES):
        scaled = values * 10.0**places
        noise = 4 * np.finfo(np.float64).eps * np.abs(scaled)
        if bool(np.all(np.abs(scaled - np.rint(scaled)) <= noise)):
            return places
    return PLACES
