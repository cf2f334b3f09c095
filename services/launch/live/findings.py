"""What a check before live trading found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


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


def fault(text: str, step: str) -> Finding:
    """A finding that refuses live trading."""
    return Finding(Severity.FAULT, text, step)


def away(text: str, step: str) -> Finding:
    """A finding that something does not answer now."""
    return Finding(Severity.AWAY, text, step)


def note(text: str, step: str) -> Finding:
    """A finding that is only shown."""
    return Finding(Severity.NOTE, text, step)
