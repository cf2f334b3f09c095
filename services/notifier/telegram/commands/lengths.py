"""Reads and writes lengths of time as people type them: 30, 30m, 2h, 1d."""

from __future__ import annotations

import re
from datetime import timedelta

from services.common.errors import StopProgram

LONGEST = timedelta(days=366)
_WRITTEN = re.compile(r"([0-9]{1,6})(m|min|h|d)?", re.IGNORECASE | re.ASCII)
_SECONDS = {"m": 60, "min": 60, "h": 3600, "d": 86400}


def read_length(text: str) -> timedelta | None:
    """The duration that a word such as 30, 30m, 2h or 1d names; minutes without a unit. None if it names none.

    Raises:
        StopProgram: it names one of zero, or one that is longer than a year.
    """
    found = _WRITTEN.fullmatch(text)
    if found is None:
        return None
    length = timedelta(seconds=int(found[1]) * _SECONDS[(found[2] or "m").lower()])
    if not timedelta(0) < length <= LONGEST:
        raise StopProgram(f"{text} is no duration that can be kept: write 30, 2h or 1d, a year at most")
    return length


def length_text(length: timedelta) -> str:
    """A duration in words: 30 minutes, 2 hours, 3 days."""
    for seconds, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        number, rest = divmod(int(length.total_seconds()), seconds)
        if number and not rest:
            return f"{number} {unit}{'s' if number > 1 else ''}"
    raise ValueError(f"{length} has no whole minutes")
