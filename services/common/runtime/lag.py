"""How far behind a service is: the age of the messages that it deals with."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence

import structlog

from services.common.runtime.health import DependencyHealth
from services.common.runtime.metrics import LAG_EXCEEDED, LAG_SECONDS

log = structlog.get_logger(__name__)

LOOKS = 10


def lag_of(ages: Sequence[float]) -> float:
    """The lag in seconds that the ages of the last messages mean: the youngest of the last ten.

    So a few that come late for reasons of their own, such as a second delivery, say nothing. With fewer, 0.
    """
    return max(min(ages[-LOOKS:]), 0.0) if len(ages) >= LOOKS else 0.0


class Lag:
    """Notes ages, and says when they pass the limit and when that is over. Threads may share it.

    Args:
        service: a label of metrics.
        limit: LAG_LIMIT, in seconds.
        what: what it is whose age is noted, for people.
        advice: what an operator can do about it.
    """

    def __init__(self, service: str, limit: float, *, what: str, advice: str) -> None:
        self._service = service
        self._limit = limit
        self._what = what
        self._advice = advice
        self._lock = threading.Lock()
        self._ages: deque[float] = deque(maxlen=LOOKS)
        self._seconds = 0.0
        LAG_SECONDS.labels(service).set(0)
        LAG_EXCEEDED.labels(service)

    @property
    def is_long(self) -> bool:
        """Whether the limit is passed."""
        return self._seconds > self._limit

    def note(self, age: float) -> None:
        """A message that is `age` seconds old was dealt with, or was found to wait still."""
        with self._lock:
            self._ages.append(age)
            self._set(lag_of(tuple(self._ages)))

    def idle(self) -> None:
        """Nothing waits."""
        with self._lock:
            self._ages.clear()
            self._set(0.0)

    def _set(self, seconds: float) -> None:
        was_long, self._seconds = self.is_long, seconds
        LAG_SECONDS.labels(self._service).set(seconds)
        if self.is_long and not was_long:
            LAG_EXCEEDED.labels(self._service).inc()
            log.warning("lag_is_long", seconds=round(seconds), limit=self._limit, advice=self._advice)
        elif was_long and not self.is_long:
            log.info("lag_is_short_again", seconds=round(seconds))

    def health(self) -> DependencyHealth:
        """The lag for `/health`: whoever lags still works."""
        if not self.is_long:
            return DependencyHealth(ok=True, detail=f"{self._seconds:.0f} s", required=False)
        detail = f"{self._what} {self._seconds:.0f} s old (LAG_LIMIT {self._limit:.0f}); {self._advice}"
        return DependencyHealth(ok=False, detail=detail, required=False)
