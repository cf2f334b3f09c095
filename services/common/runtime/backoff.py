"""How long to wait before another attempt, where attempts go on until one succeeds."""

from __future__ import annotations

import random
import time

JITTER = 0.5


def doubled(wait: float, first: float, longest: float) -> float:
    """The wait in seconds after one of `wait` (0 before the first), without jitter."""
    return min(max(2 * wait, first), longest)


class Backoff:
    """The waits between attempts at one thing: they double, and are short again after a success.

    It waits for nothing itself, so that callers can wait for an event, in a loop of asyncio or in one of pika.

    Args:
        first: the first wait in seconds.
        longest: the longest wait in seconds.
        jitter: share of a wait that chance may take off it, so that many clients do not come back at once.

    Attributes:
        failures: in a row, since the last success.
    """

    def __init__(self, first: float, longest: float, *, jitter: float = JITTER) -> None:
        self._first, self._longest, self._jitter = first, longest, jitter
        self._wait = 0.0
        self._not_before = 0.0
        self.failures = 0

    def failed(self, at_least: float | None = None) -> float:
        """Note a failure; returns the seconds to wait, `at_least` so many as the other side asked for."""
        self.failures += 1
        self._wait = doubled(self._wait, self._first, self._longest)
        wait = max(self._wait * random.uniform(1 - self._jitter, 1.0), at_least or 0.0)
        self._not_before = time.monotonic() + wait
        return wait

    def is_ready(self) -> bool:
        """Whether the wait after the last failure is over."""
        return not self.failures or time.monotonic() >= self._not_before

    def succeeded(self) -> bool:
        """Note a success; returns whether it ends a run of failures."""
        recovered = self.failures > 0
        self.failures, self._wait = 0, 0.0
        return recovered
