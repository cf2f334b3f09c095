"""The steps that a service has in hand: calls that must come back, each with the time it may take by itself.

Whoever makes such a call (of a scorer, a store, a feed) bounds it. A call that is far beyond its bound will not come
back, for the bound is what failed. The watchdog finds it here.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count


@dataclass(frozen=True, slots=True)
class Step:
    """One call in hand.

    Attributes:
        number: tells it from every other of this process.
        what: for people: "scoring 4f1c", "writing to Redis".
        patience: seconds that it may take by its own bounds.
        age: seconds that it has taken so far.
    """

    number: int
    what: str
    patience: float
    age: float = 0.0

    @property
    def late(self) -> float:
        """Seconds beyond its own bounds; negative before."""
        return self.age - self.patience


def stuck(steps: Iterable[Step], allowance: float) -> tuple[Step, ...]:
    """The steps that are at least `allowance` seconds beyond their own bounds, the latest first."""
    return tuple(
        sorted((step for step in steps if step.late >= allowance), key=lambda step: step.late, reverse=True)
    )


class WorkInHand:
    """The calls under way in this process. Threads share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers = count()
        self._steps: dict[int, Step] = {}

    @contextmanager
    def doing(self, what: str, patience: float) -> Iterator[None]:
        """Around a call that may take `patience` seconds by its own bounds."""
        number = next(self._numbers)
        with self._lock:
            self._steps[number] = Step(number, what, patience)
        try:
            yield
        finally:
            with self._lock:
                del self._steps[number]

    def grow_older(self, seconds: float) -> tuple[Step, ...]:
        """Let this much time pass for all steps; returns them.

        Time is told, not taken from a clock, so that a machine that slept makes nothing look stuck.
        """
        with self._lock:
            self._steps = {
                number: replace(step, age=step.age + seconds) for number, step in self._steps.items()
            }
            return tuple(self._steps.values())
