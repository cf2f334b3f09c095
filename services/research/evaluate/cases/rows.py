"""Defines what a case returns: rows of one figure each."""

from __future__ import annotations

import csv
import math
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import NamedTuple

HALVES = {"dev": "development", "held_out": "held out"}
"""The halves of a file of cases: the measured code was developed on `dev`, and without seeing `held_out`."""

_Z = 1.959964
"""The quantile of the normal distribution for a two-sided interval of 95%."""


class Row(NamedTuple):
    """One figure of a case.

    Attributes:
        name: what was measured; the name is unique within its case.
        value: the figure, or None if it is undefined.
        unit: the unit of the value; `share` for 0..1.
        n: the number of observations from which the figure is computed.
        interval: the 95% interval, or None if there is no interval.
    """

    name: str
    value: float | None
    unit: str
    n: int
    interval: tuple[float, float] | None = None


def share(name: str, part: int, n: int) -> Row:
    """Return the share `part` / `n` with its interval, which has a positive width even if the share is 0 or 1.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", 1927.
    """
    if not n:
        return Row(name, None, "share", 0)
    value = part / n
    centre = value + _Z * _Z / (2 * n)
    reach = _Z * math.sqrt(value * (1 - value) / n + _Z * _Z / (4 * n * n))
    whole = 1 + _Z * _Z / n
    low, high = max(0.0, (centre - reach) / whole), min(1.0, (centre + reach) / whole)
    return Row(name, value, "share", n, (min(low, value), max(high, value)))


def read_cases(path: Path, allowed: Mapping[str, Collection[str]]) -> list[dict[str, str]]:
    """Read a CSV with a column `half`. The file is part of the program, so a wrong value raises ValueError."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, strict=True))
    for row in rows:
        for column, values in {"half": HALVES, **allowed}.items():
            if row[column] not in values:
                raise ValueError(f"{path.name}: {row} has an unknown {column}")
    return rows
