"""Divides the period of a walk-forward into windows, without input or output."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from services.common.errors import StopProgram

_DAY = timedelta(days=1)


class Stretch(NamedTuple):
    """The period of the candles that open in [start, end), UTC."""

    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        """The length of the period."""
        return self.end - self.start

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%d %H:%M} to {self.end:%Y-%m-%d %H:%M}"


@dataclass(frozen=True)
class Window:
    """A window whose parameters are fitted on `fit` and tested on `test`, which begins where `fit` ends."""

    fit: Stretch
    test: Stretch


def windows_of(start: datetime, end: datetime, fit: timedelta, test: timedelta) -> tuple[Window, ...]:
    """Return all windows that lie wholly in [start, end); each fits on the time `fit` directly before its test.

    Tests follow each other without gap or overlap, so that no day is counted twice.

    Raises:
        StopProgram: the period is too short for one window.
    """
    if start + fit + test > end:
        there, wanted = (end - start) / _DAY, (fit + test) / _DAY
        raise StopProgram(
            f"the period from {start.isoformat()} to {end.isoformat()} has {there:g} days; expected at least "
            f"{wanted:g}, for one window of {fit / _DAY:g} days to fit and {test / _DAY:g} to test: choose a longer "
            "period or shorter windows"
        )
    windows = []
    begin = start + fit
    while begin + test <= end:
        windows.append(Window(Stretch(begin - fit, begin), Stretch(begin, begin + test)))
        begin += test
    return tuple(windows)
