"""What a case returns: one figure a row."""

from __future__ import annotations

import math
from typing import NamedTuple

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
