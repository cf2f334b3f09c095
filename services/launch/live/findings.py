"""What a check before live trading found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from functools import partial


class Severity(Enum):
    """What a finding means for live trading."""

    FAULT = auto()
    """Refuses live trading."""
    AWAY = auto()
    """A server that was asked does not answer now: ask again later."""
    NOTE = auto()
    """Shown, and refuses nothing."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, or that could not be checked. Never holds a secret.

    Attributes:
        severity: what it means for live trading.
        text: what was found, without a full stop.
        step: what to do about it, likewise.
    """

    severity: Severity
    text: str
    step: str

    def __str__(self) -> str:
        return f"{self.text}. To mend it: {self.step}"


fault = partial(Finding, Severity.FAULT)
away = partial(Finding, Severity.AWAY)
note = partial(Finding, Severity.NOTE)
