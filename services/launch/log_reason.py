"""What of a program's log says why it does not work. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

_POINTS_UP = "above error"
_CAUSE = re.compile(r"\w(Error|Exception|NotAvailable)\b")
_ROUTINE = re.compile(r" - (INFO|DEBUG) - ")


def reason_in(lines: Sequence[str]) -> str:
    """The last line that says something; where that only points to an error above it, that error.

    Empty if there is none, or if the last one is no trouble but routine (INFO).
    """
    said = [line.strip() for line in lines if line.strip()]
    if not said or _ROUTINE.search(said[-1]):
        return ""
    if _POINTS_UP not in said[-1]:
        return said[-1]
    return next((line for line in reversed(said[:-1]) if _CAUSE.search(line)), said[-1])
