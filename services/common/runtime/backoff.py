"""Computes the waits between attempts that are repeated until one succeeds."""

from __future__ import annotations

import random
import time

JITTER = 0.5


def doubled(wait: float, first: float, longest: float) -> float:
    """Return the wait in seconds that follows a wait of `wait` seconds (0 before the first wait), without jitter."""
    return min(max(2 * wait, first), longest)


class Backoff:
    """The waits between attempts at one operation. Each is twice the one before; a success resets them to the first.

    The class itself never sleeps, so callers can wait for an event, in asyncio's loop or in pika's loop.

    Args:
        first: the first wait in seconds.
        longest: the longest wait in seconds.
        jitter: the largest share of a wait that is subtracted at random, so that many clients do not retry at once.

    Attributes:
        failures: the number of failures since the last success.
    """

    def __init__(self, first: float, longest: float, *, jitter: float = JITTER) -> None:
        self._first, self._longest, self._jitter = first, longest, jitter
        self._wait = 0.0
        self._not_before = 0.0
        self.failures = 0

    def failed(self, at_least: float | None = None) -> float:
        """Record a failure and return the seconds to wait, which are never fewer than `at_least`."""
        self.failures += 1
        self._wait = doubled(self._wait, self._first, self._longest)
        wait = max(self._wait * random.uniform(1 - self._jitter, 1.0), at_least or 0.0)
        self._not_before = time.monotonic() + wait
        return wait

    def is_ready(self) -> bool:
        """Whether the wait after the last failure is over."""
        return not self.failures or time.monotonic() >= self._not_before

    def succeeded(self) -> bool:
        """Record a success and return whether there were failures before it."""
        recovered = self.failures > 0
        self.failures, self._wait = 0, 0.0
        return recovered
