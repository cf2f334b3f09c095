"""A history in memory that fails when a test says so, for what cannot be had from a real one at will."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from services.common.errors import CryptoBoyError
from services.common.history.port import Batch, Limits, Written
from services.common.runtime.health import DependencyHealth


@dataclass
class FakeHistory:
    """Raises `failures` one by one, then takes every batch."""

    failures: list[CryptoBoyError] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)
    on_write: Callable[[], None] = lambda: None
    trims: list[int] = field(default_factory=list)
    asked_to_trim: list[tuple[Limits, datetime]] = field(default_factory=list)
    closed: bool = False
    _health: DependencyHealth = DependencyHealth(ok=False, detail="not asked yet")  # noqa: RUF009 - it is frozen
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def check(self) -> None:
        self._fail()

    def write(self, batch: Batch) -> Written:
        self.on_write()
        self._fail()
        with self._lock:
            self.batches.append(batch)
        rows = {
            "articles": len(batch.articles),
            "scorings": len(batch.scorings),
            "signals": len(batch.signals),
        }
        return Written({table: count for table, count in rows.items() if count}, len(self.batches))

    def position(self, name: str) -> str | None:
        with self._lock:
            positions = [batch.cursors[name] for batch in self.batches if name in batch.cursors]
        return positions[-1] if positions else None

    def cursors(self) -> dict[str, str]:
        return {name: position for batch in self.batches for name, position in batch.cursors.items()}

    def trim(self, limits: Limits, now: datetime) -> int:
        self.asked_to_trim.append((limits, now))
        return self.trims.pop(0) if self.trims else 0

    def size(self) -> int:
        return 4096

    def health(self) -> DependencyHealth:
        return self._health

    def close(self) -> None:
        self.closed = True

    def _fail(self) -> None:
        self._health = DependencyHealth(ok=not self.failures)
        if self.failures:
            raise self.failures.pop(0)
