"""How far behind a service is: the age of the messages that it handles."""

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
    """Return the lag in seconds: the smallest age of the last ten messages, or 0 if there are fewer than ten.

    The smallest age is used, so that a few late messages, such as second deliveries, do not count as a lag.
    """
    return max(min(ages[-LOOKS:]), 0.0) if len(ages) >= LOOKS else 0.0


class Lag:
    """Records ages of messages, and logs when the lag exceeds the limit and when it no longer does.

    Threads may share an instance.

    Args:
        service: a label of metrics.
        limit: the value of LAG_LIMIT, in seconds.
        what: the name of the measured thing, for `/health`.
        advice: what an operator can do about a lag.
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
        """Whether the lag exceeds the limit."""
        return self._seconds > self._limit

    def note(self, age: float) -> None:
        """Record the age in seconds of a message that was handled or is still waiting."""
        with self._lock:
            self._ages.append(age)
            self._set(lag_of(tuple(self._ages)))

    def idle(self) -> None:
        """Record that no message is waiting."""
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
        """Return the lag as a dependency for `/health`. It is not required: a service that lags still works."""
        if not self.is_long:
            return DependencyHealth(ok=True, detail=f"{self._seconds:.0f} s", required=False)
        detail = f"{self._what} {self._seconds:.0f} s old (LAG_LIMIT {self._limit:.0f}); {self._advice}"
        return DependencyHealth(ok=False, detail=detail, required=False)
