"""The threads of the processor: some score, others publish what was scored, so that no scorer waits for a broker."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait

Work = Callable[[], None]


class Hands:
    """What is being done in two pools of threads, and what failed. `publish` may be called from any thread.

    Args:
        scoring: threads that score.
        publishing: threads that publish.
    """

    def __init__(self, scoring: Executor, publishing: Executor) -> None:
        self._pools = {"scoring": scoring, "publishing": publishing}
        self._lock = threading.Lock()  # of what follows
        self._at_work: dict[str, set[Future[None]]] = {name: set() for name in self._pools}
        self._failures: list[BaseException] = []

    def score(self, work: Work) -> None:
        """Begin to score something."""
        self._begin("scoring", work)

    def publish(self, work: Work) -> None:
        """Begin to publish something."""
        self._begin("publishing", work)

    def scoring(self) -> int:
        """How many are being scored."""
        return len(self._still("scoring"))

    def publishing(self) -> int:
        """How many are being published."""
        return len(self._still("publishing"))

    def failures(self) -> list[BaseException]:
        """What was raised so far."""
        for name in self._pools:
            self._still(name)
        return self._failures

    def wait_for_one(self, seconds: float) -> None:
        """Return when anything ends, or after so many seconds."""
        wait(self._still("scoring") | self._still("publishing"), seconds, FIRST_COMPLETED)

    def wait_for_all(self) -> None:
        """Return when nothing is being done any more."""
        wait(self._still("scoring"))
        wait(self._still("publishing"))  # all that the others began

    def _begin(self, name: str, work: Work) -> None:
        with self._lock:
            self._at_work[name].add(self._pools[name].submit(work))

    def _still(self, name: str) -> set[Future[None]]:
        """What is being done, after taking note of what ended."""
        with self._lock:
            ended = {future for future in self._at_work[name] if future.done()}
            self._at_work[name] -= ended
            self._failures += [error for each in ended if (error := each.exception()) is not None]
            return set(self._at_work[name])
