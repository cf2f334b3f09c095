"""Notes in the history what people asked to change, and what came of it."""

from __future__ import annotations

import threading
from collections import deque

import structlog

from services.common.clock import Clock
from services.common.errors import CryptoBoyError
from services.common.history.notifying.port import NotifierBatch, NotifierLog
from services.common.history.notifying.rows import ControlRow
from services.common.runtime.backoff import Backoff
from services.notifier.telegram.asked import Person

log = structlog.get_logger(__name__)

MOST_WAITING = 1_000
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 30.0


class ControlNotes:
    """The notes. While the history is away they wait in memory, as a pause must not wait for the history."""

    def __init__(self, notifier_log: NotifierLog, clock: Clock) -> None:
        self._log = notifier_log
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: deque[ControlRow] = deque(maxlen=MOST_WAITING)
        self._backoff = Backoff(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)

    def note(self, person: Person, chat: int, command: str, outcome: str) -> None:
        """Note a control; never raises."""
        who = f"{person.name} ({person.id})"
        with self._lock:
            self._waiting.append(
                ControlRow(who=who, command=command, outcome=outcome, at=self._clock.now(), chat=str(chat))
            )
            self._write()

    def flush(self) -> None:
        """Write what waits, if there is something and it is time to try again; never raises."""
        with self._lock:
            if self._waiting and self._backoff.is_ready():
                self._write()

    def _write(self) -> None:
        try:
            self._log.write(NotifierBatch(controls=tuple(self._waiting)))
        except CryptoBoyError as error:
            wait = self._backoff.failed()
            log.warning(
                "controls_not_noted",
                waiting=len(self._waiting),
                error=str(error),
                retry_in_seconds=round(wait, 1),
            )
        else:
            self._backoff.succeeded()
            self._waiting.clear()
