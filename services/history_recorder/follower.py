"""A thread that reads from a server again and again, and hands what it read to the recorder."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

from services.common.errors import StopProgram, TryLater
from services.common.runtime.backoff import Backoff
from services.common.runtime.health import DependencyHealth
from services.common.runtime.runner import count_error

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 5.0
REFUSED_SECONDS = 60.0
NOT_ASKED = DependencyHealth(ok=False, detail="not asked yet", required=False)
"""The health of a server before its first answer: nobody knows whether it is there."""
NOT_MEASURED = DependencyHealth(ok=True, detail="not measured yet", required=False)
"""The health of figures that are computed from the history: the first ones may take minutes, and nothing fails."""

log = structlog.get_logger(__name__)


class Follower:
    """Calls `step` in a thread until it is stopped, with waits after failures.

    A server that refuses permanently is asked again each minute: what the recorder reads from other servers is
    recorded meanwhile.

    Args:
        service: a label of metrics.
        name: the name of the server for the log.
        step: reads once and returns the seconds until the next call. Raises TryLater and StopProgram.
        end: called in the thread after the last call of `step`.
        first: the health before the first call of `step` has ended.
    """

    def __init__(
        self,
        service: str,
        name: str,
        step: Callable[[threading.Event], float],
        end: Callable[[], None] = lambda: None,
        first: DependencyHealth = NOT_ASKED,
    ) -> None:
        self._service, self._name, self._step, self._end = service, name, step, end
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._failure: BaseException | None = None
        self._health = first

    def start(self) -> None:
        """Start the thread, unless it was started before."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=f"follow-{self._name}", daemon=True)
            self._thread.start()

    def check(self) -> None:
        """Raise the error that ended the thread, if one did."""
        if self._failure is not None:
            raise self._failure

    def health(self) -> DependencyHealth:
        """The result of the last call of `step`. Never blocks."""
        return self._health

    def close(self, timeout: float = 5.0) -> None:
        """Stop the thread, and wait for the end of its present call for at most `timeout` seconds."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout)

    def _run(self) -> None:
        backoff = Backoff(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)
        try:
            while not self._stop.is_set():
                self._stop.wait(self._once(backoff))
            self._end()
        except BaseException as error:  # noqa: BLE001 - `check` raises it in the thread of the service
            self._failure = error

    def _once(self, backoff: Backoff) -> float:
        try:
            pause = self._step(self._stop)
        except (TryLater, StopProgram) as error:
            count_error(self._service, error)
            if backoff.failures == 0:
                log.warning("not_followed", server=self._name, error=str(error))
            self._health = DependencyHealth(ok=False, detail=str(error), required=False)
            return backoff.failed(REFUSED_SECONDS if isinstance(error, StopProgram) else error.after)
        if backoff.succeeded():
            log.info("followed_again", server=self._name)
        self._health = DependencyHealth(ok=True, detail=self._name, required=False)
        return pause
