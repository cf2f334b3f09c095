"""The state of one pair's stream, as /health reports it."""

from __future__ import annotations

from enum import StrEnum

from services.common.clock import from_ms
from services.common.runtime.health import DependencyHealth


class Component(StrEnum):
    """The components of a pair's stream that fail independently."""

    STREAM = "stream"
    REST = "rest"
    PROGRAM = "program"
    MARKET = "market"


class PairStatus:
    """The current problems of one pair. The event loop writes them; the thread that answers /health reads them."""

    def __init__(self) -> None:
        self.last_candle_ms: int | None = None
        self._problems: dict[Component, str] = {}

    def set_problem(self, part: Component, text: str) -> None:
        """Record the problem of a component."""
        self._problems[part] = text

    def clear_problem(self, part: Component) -> None:
        """Record that a component works."""
        self._problems.pop(part, None)

    def health(self) -> DependencyHealth:
        """Return the pair as a dependency. A failing pair does not make the service unhealthy."""
        problems = list(self._problems.values())
        last = "none" if self.last_candle_ms is None else from_ms(self.last_candle_ms).isoformat()
        return DependencyHealth(not problems, "; ".join([f"last candle {last}", *problems]), required=False)
