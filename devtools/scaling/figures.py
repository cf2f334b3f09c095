"""Figures that are measured for their own sake, in processor time."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number: what it is, and its unit."""

    name: str
    value: float
    unit: str


def milliseconds(call: Callable[[], object]) -> float:
    """Processor time that a call takes in this process, all threads together."""
    begin = time.process_time()
    call()
    return 1000 * (time.process_time() - begin)


def median(values: Iterable[float]) -> float:
    """The middle one; StatisticsError if there is none."""
    return statistics.median(list(values))
