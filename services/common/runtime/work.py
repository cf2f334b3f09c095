"""The calls that a service has in progress, each with its own time limit.

Every such call (of a scorer, a store, a feed) has a time limit. If a call exceeds its
limit by far, the limit itself has failed and the call will not return. The watchdog finds such calls here.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count


@dataclass(frozen=True, slots=True)
class Call:
    """One call in progress.

    Attributes:
        number: unique within this process.
        what: the name of the call in log messages, such as "scoring 4f1c" or "writing to Redis".
        patience: seconds that the call may take by its own time limits.
        age: seconds that the call has taken so far.
    """

    number: int
    what: str
    patience: float
    age: float = 0.0

    @property
    def late(self) -> float:
        """The seconds by which the call exceeds its time limits; negative while it is within them."""
        return self.age - self.patience


def stuck(calls: Iterable[Call], allowance: float) -> tuple[Call, ...]:
    """Return the calls that exceed their own time limits by at least `allowance` seconds, the most overdue first."""
    return tuple(
        sorted((call for call in calls if call.late >= allowance), key=lambda call: call.late, reverse=True)
    )


class CallsInProgress:
    """The calls in progress in this process. Threads may share one instance."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers = count()
        self._calls: dict[int, Call] = {}

    @contextmanager
    def doing(self, what: str, patience: float) -> Iterator[None]:
        """Record the block as a call in progress that may take `patience` seconds by its own time limits."""
        number = next(self._numbers)
        with self._lock:
            self._calls[number] = Call(number, what, patience)
        try:
            yield
        finally:
            with self._lock:
                del self._calls[number]

    def grow_older(self, seconds: float) -> tuple[Call, ...]:
        """Add `seconds` to the age of all calls, and return the calls.

        The method reads no clock, so that the caller can leave out the time during which the machine slept.
        """
        with self._lock:
            self._calls = {
                number: replace(call, age=call.age + seconds) for number, call in self._calls.items()
            }
            return tuple(self._calls.values())
