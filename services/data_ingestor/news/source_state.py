"""The state of a source, as /health and the log report it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.common.runtime.health import DependencyHealth


@dataclass(frozen=True, slots=True)
class SourceState:
    """The state of a source.

    Attributes:
        articles: the number of articles recorded for publication since the start.
        frozen: the message that the source has had nothing new for far too long; empty if this is not so.
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
        """Return the state for `/health`. A failing source alone never makes the service unhealthy."""
        answered = (
            f"last answered {self.last_success.isoformat()}" if self.last_success else "has not answered yet"
        )
        detail = f"{answered}; {self.entries} entries, {self.articles} articles since the start"
        if self.last_error:
            detail += f"; last error: {self.last_error}"
        if self.frozen:
            detail += f"; {self.frozen}"
        return DependencyHealth(ok=self.answers and not self.frozen, detail=detail, required=False)
