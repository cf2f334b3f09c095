"""How a source is doing, in values: for /health and for the log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.common.runtime.health import DependencyHealth


@dataclass(frozen=True, slots=True)
class SourceState:
    """How a source is doing.

    Attributes:
        articles: those noted for publication since the start.
        frozen: that it has had nothing new for far too long, in words; empty while it has.
    """

    polled: bool = False
    failures: int = 0
    last_success: datetime | None = None
    last_error: str = ""
    warning: str = ""
    entries: int = 0
    articles: int = 0
    frozen: str = ""

    @property
    def answers(self) -> bool:
        """Whether the last poll succeeded."""
        return self.polled and not self.failures

    def health(self) -> DependencyHealth:
        """The state for `/health`; a source alone never keeps the service from working."""
        answered = (
            f"last answered {self.last_success.isoformat()}" if self.last_success else "has not answered yet"
        )
        detail = f"{answered}; {self.entries} entries, {self.articles} articles since the start"
        if self.last_error:
            detail += f"; last error: {self.last_error}"
        if self.frozen:
            detail += f"; {self.frozen}"
        return DependencyHealth(ok=self.answers and not self.frozen, detail=detail, required=False)
