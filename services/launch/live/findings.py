"""What a check before live trading found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from functools import partial


class Severity(Enum):
    """What a finding means for live trading."""

    FAULT = auto()
    """Live trading is refused."""
    AWAY = auto()
    """A server does not answer now; the check can be repeated later."""
    NOTE = auto()
    """The finding is shown, but live trading is not refused."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault, or something that could not be checked. It never contains a secret.

    Attributes:
        severity: what it means for live trading.
        text: what was found, without a full stop.
        step: what to do about it, without a full stop.
    """

    severity: Severity
    text: str
    step: str

    def __str__(self) -> str:
        return f"{self.text}. To fix it: {self.step}"


fault = partial(Finding, Severity.FAULT)
away = partial(Finding, Severity.AWAY)
note = partial(Finding, Severity.NOTE)
