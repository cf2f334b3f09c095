"""The log file of a program, and the line of it that says why the program does not work."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_END_BYTES = 65_536
"""The bytes read from the end of a log. A whole log may be too large for memory, and Freqtrade ends if `up` does."""
_POINTS_UP = "above error"
_CAUSE = re.compile(r"\w(Error|Exception|NotAvailable)\b")
_ROUTINE = re.compile(r" - (INFO|DEBUG) - ")


@dataclass(frozen=True, slots=True)
class ProgramLog:
    """The log file of a program. If it cannot be read it counts as empty, so that the other programs keep running."""

    path: Path

    def tail(self, lines: int = 8) -> str:
        """The last lines, after a line with the path of the file."""
        text = "\n".join(f"    {line}" for line in self._lines()[-lines:])
        return f"The end of {self.path}:\n{text}"

    def last_line(self) -> str:
        """The last line that is not blank; empty if there is none."""
        return next((line.strip() for line in reversed(self._lines()) if line.strip()), "")

    def reason(self) -> str:
        """Why the program does not work (see `reason_in`); empty if the log does not show it."""
        return reason_in(self._lines())

    def _lines(self) -> list[str]:
        try:
            with self.path.open("rb") as log:
                log.seek(max(0, log.seek(0, os.SEEK_END) - _END_BYTES))
                return log.read().decode(errors="replace").splitlines()
        except OSError:
            return []


def reason_in(lines: Sequence[str]) -> str:
    """The last line that is not blank or, if this line only refers to an earlier error, the line of that error.

    Empty if there is no such line, or if the last line is routine (INFO or DEBUG).
    """
    said = [line.strip() for line in lines if line.strip()]
    if not said or _ROUTINE.search(said[-1]):
        return ""
    if _POINTS_UP not in said[-1]:
        return said[-1]
    return next((line for line in reversed(said[:-1]) if _CAUSE.search(line)), said[-1])
