"""What a check found: errors, which make data unfit for a backtest, and warnings, which one should know."""

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
        kind: a name for programs.
        where: the file, or the file and the pair.
        count: how often.
        message: the first of them: line, what is there, what was expected.
    """

    level: Level
    kind: str
    where: str
    count: int
    message: str

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {"kind": self.kind, "where": self.where, "count": self.count, "message": self.message}


@dataclass(slots=True)
class Findings:
    """Findings, those of one kind and place counted together."""

    _found: dict[tuple[Level, str, str], Finding] = field(default_factory=dict)

    def error(self, kind: str, where: str, message: str, count: int = 1) -> None:
        """Note an error; the first message of its kind and place is kept."""
        self._note(Level.ERROR, kind, where, message, count)

    def warning(self, kind: str, where: str, message: str, count: int = 1) -> None:
        """Note a warning; likewise."""
        self._note(Level.WARNING, kind, where, message, count)

    def _note(self, level: Level, kind: str, where: str, message: str, count: int) -> None:
        finding = self._found.setdefault((level, kind, where), Finding(level, kind, where, 0, message))
        finding.count += count

    def of(self, level: Level) -> list[Finding]:
        """The findings of one level, in the order in which they were met."""
        return [finding for finding in self._found.values() if finding.level is level]

    @property
    def ok(self) -> bool:
        """Whether there is no error."""
        return not self.of(Level.ERROR)
