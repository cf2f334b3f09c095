"""Student's t distribution for whole degrees of freedom.

These are formulas 26.7.3 and 26.7.4 of M. Abramowitz and I. A. Stegun, "Handbook of Mathematical Functions", 1964.
With them, the command line and the API need no statistics library.
"""

from __future__ import annotations

import math
from functools import lru_cache

_LARGEST = 1e9
_STEPS = 200


def tail(value: float, freedom: int) -> float:
    """Return the probability of exceeding `value`, which is not negative. The absolute error is below 1e-12."""
    angle = math.atan(value / math.sqrt(freedom))
    sine, square = math.sin(angle), math.cos(angle) ** 2
    odd = freedom % 2
    term = math.cos(angle) if odd else 1.0
    total = 0.0
    for number in range(1 + odd, freedom, 2):
        total += term
        term *= square * number / (number + 1)
    central = 2 / math.pi * (angle + sine * total) if odd else sine * total
    return max(0.0, (1 - central) / 2)


@lru_cache(maxsize=1024)
def tail_limit(probability: float, freedom: int) -> float:
    """Return the value that is exceeded with this probability, which lies between 0 and 0.5."""
    low, high = 0.0, _LARGEST
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if middle in {low, high}:
            break
        low, high = (middle, high) if tail(middle, freedom) > probability else (low, middle)
    return high
