"""When to try again, and whether a failure is news: for one thing that fails and recovers."""

from __future__ import annotations

import random


class Backoff:
    """Pauses that double, with jitter, so that many clients do not come back at once.

    Args:
        first: the first pause in seconds.
        longest: the longest pause in seconds.
        chance: where the jitter comes from; a pause is between half of and the whole of its nominal length.
    """

    def __init__(self, first: float, longest: float, chance: random.Random | None = None) -> None:
        self._first = first
        self._longest = longest
        self._chance = chance or random.Random()
        self._not_before = 0.0
        self.failures = 0

    def failed(self, now: float, after: float | None = None) -> float:
        """Note a failure; returns the seconds to pause.

        Args:
            now: seconds on any clock that only goes forward.
            after: the least pause that the other side asked for.
        """
        nominal = min(self._first * 2.0 ** min(self.failures, 30), self._longest)
        pause = max(nominal * self._chance.uniform(0.5, 1.0), after or 0.0)
        self.failures += 1
        self._not_before = now + pause
        return pause

    def is_ready(self, now: float) -> bool:
        """Whether the pause is over."""
        return now >= self._not_before

    def succeeded(self) -> bool:
        """Note a success; returns whether it ends a run of failures."""
        recovered = self.failures > 0
        self.failures = 0
        self._not_before = 0.0
        return recovered
