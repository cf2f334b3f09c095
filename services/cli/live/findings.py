"""What a check before live trading found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class Weight(Enum):
    """What follows from a finding."""

    FAULT = auto()
    """Real money is not traded like this."""
    AWAY = auto()
    """Who could tell does not answer now; that passes by itself."""
    NOTE = auto()
    """Something to know; nothing follows."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, or that could not be found out. Never holds a secret.

    Attributes:
        text: what was found, without a full stop.
        step: what to do about it, likewise.
    """

    weight: Weight
    text: str
    step: str

    def __str__(self) -> str:
        return f"{self.text}. To mend it: {self.step}"


def fault(text: str, step: str) -> Finding:
    """A finding with which real money is not traded."""
    return Finding(Weight.FAULT, text, step)


def away(text: str, step: str) -> Finding:
    """What could not be asked now."""
    return Finding(Weight.AWAY, text, step)


def note(text: str, step: str) -> Finding:
    """What is only told."""
    return Finding(Weight.NOTE, text, step)
