"""Figures that are reported without a baseline; times are processor time."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number with its name and its unit."""

    name: str
    value: float
    unit: str


def milliseconds(call: Callable[[], object]) -> float:
    """Milliseconds of processor time that a call takes in this process, summed over all threads."""
    begin = time.process_time()
    call()
    return 1000 * (time.process_time() - begin)


def median(values: Iterable[float]) -> float:
    """The median. Raises StatisticsError if there are no values."""
    return statistics.median(list(values))
