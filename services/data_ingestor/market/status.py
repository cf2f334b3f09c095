"""How the stream of one pair is doing, as /health shows it."""

from __future__ import annotations

from enum import StrEnum

from services.common.clock import from_ms
from services.common.runtime.health import DependencyHealth


class Part(StrEnum):
    """What of a pair can fail by itself."""

    STREAM = "stream"
    REST = "rest"
    PROGRAM = "program"
    MARKET = "market"


class PairStatus:
    """Written by the event loop, read by the thread that answers /health."""

    def __init__(self) -> None:
        self.last_candle_ms: int | None = None
        self._problems: dict[Part, str] = {}

    def trouble(self, part: Part, text: str) -> None:
        """Note what is wrong with a part."""
        self._problems[part] = text

    def well(self, part: Part) -> None:
        """Note that a part works."""
        self._problems.pop(part, None)

    def health(self) -> DependencyHealth:
        """The pair as a dependency that the service can do without for a while."""
        problems = list(self._problems.values())
        last = "none" if self.last_candle_ms is None else from_ms(self.last_candle_ms).isoformat()
        return DependencyHealth(not problems, "; ".join([f"last candle {last}", *problems]), required=False)
