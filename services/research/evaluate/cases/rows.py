"""What a case returns: one figure a row."""

from __future__ import annotations

import csv
import math
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import NamedTuple

HALVES = {"dev": "development", "held_out": "held out"}
"""The halves of a file of cases: what is measured was developed on the one and has not seen the other."""

_Z = 1.959964
"""Of the normal distribution, for 95%."""


class Row(NamedTuple):
    """One figure.

    Attributes:
        name: what was measured, unique within its case.
        value: the figure, or None where it is undefined.
        unit: what it counts in; `share` for 0..1.
        n: how many observations it rests on.
        interval: 95%, or None where there is none.
    """

    name: str
    value: float | None
    unit: str
    n: int
    interval: tuple[float, float] | None = None


def share(name: str, part: int, n: int) -> Row:
    """A share `part` of `n` with its interval, which stays one where all or none are.

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
    """The rows of a CSV with a `half`. It is part of the program: a value that is not allowed raises ValueError."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, strict=True))
    for row in rows:
        for column, values in {"half": HALVES, **allowed}.items():
            if row[column] not in values:
                raise ValueError(f"{path.name}: {row} has an unknown {column}")
    return rows
