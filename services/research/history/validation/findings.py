"""Collects the findings of a check: errors, which make data unfit for a backtest, and warnings, which do not."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Level(StrEnum):
    """The severity of a finding."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(slots=True)
class Finding:
    """One kind of problem in one place.

    Attributes:
        kind: the name of the kind of problem, for programs.
        where: the file, or the file and the pair, that has the problem.
        count: the number of occurrences.
        message: the first occurrence, with its line, the value found and the value expected.
    """

    level: Level
    kind: str
    where: str
    count: int
    message: str

    def as_json(self) -> dict[str, Any]:
        """Return the finding as JSON values, for `--json`."""
        return {"kind": self.kind, "where": self.where, "count": self.count, "message": self.message}


@dataclass(slots=True)
class Findings:
    """A list of findings, in which those of the same kind and place are counted together."""

    _found: dict[tuple[Level, str, str], Finding] = field(default_factory=dict)

    def error(self, kind: str, where: str, message: str, count: int = 1) -> None:
        """Note an error; only the first message of each kind and place is kept."""
        self._note(Level.ERROR, kind, where, message, count)

    def warning(self, kind: str, where: str, message: str, count: int = 1) -> None:
        """Note a warning; only the first message of each kind and place is kept."""
        self._note(Level.WARNING, kind, where, message, count)

    def _note(self, level: Level, kind: str, where: str, message: str, count: int) -> None:
        finding = self._found.setdefault((level, kind, where), Finding(level, kind, where, 0, message))
        finding.count += count

    def of(self, level: Level) -> list[Finding]:
        """Return the findings of one level, in the order in which they were first noted."""
        return [finding for finding in self._found.values() if finding.level is level]

    @property
    def ok(self) -> bool:
        """Whether there is no error."""
        return not self.of(Level.ERROR)
