"""Limits the rate of requests with one token bucket for each caller."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

MOST_CALLERS = 10_000


class RateLimit:
    """Lets each caller make so many requests at once, and as many again each minute.

    Callers that were seen longest ago are forgotten if there are more than 10,000, so memory is bounded.
    """

    def __init__(self, per_minute: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._most = float(per_minute)
        self._per_second = per_minute / 60
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: str) -> float:
        """Count a request. Return 0 if it is allowed, else the seconds until the next one is."""
        now = self._monotonic()
        with self._lock:
            left, seen = self._left.pop(caller, (self._most, now))
            left = min(self._most, left + (now - seen) * self._per_second)
            wait = 0.0 if left >= 1 else (1 - left) / self._per_second
            self._left[caller] = (left if wait else left - 1, now)
            if len(self._left) > MOST_CALLERS:
                self._left.popitem(last=False)
        return wait
