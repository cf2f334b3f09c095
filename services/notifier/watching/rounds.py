"""A thread that looks at several things in turn, each as often as it says, and tells what was found."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog

from services.common.errors import StopProgram, TryLater
from services.common.runtime.backoff import Backoff
from services.common.runtime.health import DependencyHealth
from services.common.runtime.runner import count_error
from services.common.runtime.work import CallsInProgress
from services.common.services import NOTIFIER
from services.notifier.watching.found import Found, Watch

PATIENCE_SECONDS = 60.0
"""The longest time in seconds that one look may take, with writing what it found."""
REFUSED_SECONDS = 60.0

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Round:
    watch: Watch
    due: float = 0.0
    failure: str = ""
    health: str = "watched"
    backoff: Backoff = field(default_factory=lambda: Backoff(0.5, 5.0))


class Rounds:
    """Looks at the watches of one thread.

    Args:
        name: the name of the thread.
        watches: what is looked at.
        tell: writes what was found, and raises as the history does.
    """

    def __init__(
        self, name: str, watches: Sequence[Watch], tell: Callable[[Found], None], work: CallsInProgress
    ) -> None:
        self._rounds = [_Round(watch) for watch in watches]
        self._tell, self._work = tell, work
        self._stop = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=f"watch-{name}", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def check(self) -> None:
        """Raise the error that ended the thread, if one did."""
        if self._failure is not None:
            raise self._failure

    def health(self) -> dict[str, DependencyHealth]:
        """Whether each thing could be looked at last. Never waits."""
        return {
            each.watch.name: DependencyHealth(
                ok=not each.failure, detail=each.failure or each.health, required=False
            )
            for each in self._rounds
        }

    def close(self, timeout: float = 5.0) -> None:
        """End the thread after its present look."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                now = time.monotonic()
                for each in self._rounds:
                    if now >= each.due and not self._stop.is_set():
                        each.due = time.monotonic() + self._look(each)
                wait = min(each.due for each in self._rounds) - time.monotonic()
                self._stop.wait(max(wait, 0.0))
        except BaseException as error:  # noqa: BLE001 - `check` raises it in the thread of the service
            self._failure = error

    def _look(self, each: _Round) -> float:
        """Look once, and return the seconds until the next look."""
        try:
            with self._work.doing(f"watching {each.watch.name}", PATIENCE_SECONDS):
                found = each.watch.look()
                self._tell(found)
                each.watch.commit()
        except (TryLater, StopProgram) as error:
            count_error(NOTIFIER, error)
            if not each.failure:
                log.warning("not_watched", what=each.watch.name, error=str(error))
            each.failure = str(error)
            return each.backoff.failed(REFUSED_SECONDS if isinstance(error, StopProgram) else error.after)
        if each.backoff.succeeded():
            log.info("watched_again", what=each.watch.name)
        each.failure, each.health = "", found.health
        return each.watch.seconds
