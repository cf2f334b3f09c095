"""What the routes answer from: the settings, the clock, the store, the broker and the services."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus

from starlette.requests import HTTPConnection

from services.api.access.sessions import Sessions
from services.api.figures import Figures, alone
from services.api.problems import Problem
from services.api.recent import Recent
from services.common.broker.topology import Queue
from services.common.clock import Clock
from services.common.errors import StopProgram, TryLater
from services.common.history.port import HistoryReader
from services.common.runtime.health import DependencyHealth
from services.common.secrets.redaction import redactor
from services.common.secrets.secret_texts import secrets_of
from services.common.settings.settings import Settings
from services.common.store.port import SentimentStore
from services.operations.connections import connected_broker, next_step, store_hint
from services.operations.dead_letters import DeadLetterBox, Room, queues_with_dead_letters
from services.operations.health import SystemHealth, read_health
from services.operations.other_programs.strategy_reads import StoreForStrategies
from services.operations.queues.report import QueueReport, read_queues

RECENT_SECONDS = 3.0
FOLLOW_SECONDS = 10.0
ROOM_FOR_DEAD_LETTERS = Room(letters=500, bytes=64_000_000, at_once=16)
"""One letter may have a megabyte, and the API has half a gigabyte for everything."""


class Sources:
    """One object for the whole application; `sources(request)` returns it. All methods are for worker threads."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        *,
        store: SentimentStore,
        history: HistoryReader,
        sessions: Sessions,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.history = history
        self.sessions = sessions
        self.redact = redactor(secrets_of(settings))
        self.figures = Figures(settings, clock, history)
        self.for_strategies = StoreForStrategies(settings)
        self._store = store
        self._queues = Recent(self._read_queues, RECENT_SECONDS)
        self._health = Recent(self._read_health, RECENT_SECONDS)
        self._box = threading.Lock()

    def now(self) -> datetime:
        """The present instant by the clock of the system, which the demo sets back."""
        return self.clock.now()

    def dependencies(self) -> dict[str, DependencyHealth]:
        """The state of what the API depends on, as it was last seen. Never blocks."""
        return {"store": replace(self._store.health(), required=False)}

    def follow_store(self, stop: threading.Event) -> None:
        """Ask the store every few seconds until `stop` is set, so that its state is known when nobody uses it."""
        while True:
            with suppress(TryLater, StopProgram):
                self._store.check()
            if stop.wait(FOLLOW_SECONDS):
                return

    @contextmanager
    def store(self) -> Iterator[SentimentStore]:
        """Yield the store. A TryLater raised in the block is extended by the next step."""
        with next_step(store_hint(self.settings)):
            yield self._store

    def queues(self) -> list[QueueReport]:
        """The state of each queue, at most three seconds old. Raises as `read_queues`."""
        return self._queues.get()

    def health(self) -> SystemHealth:
        """The state of the services, at most three seconds old."""
        return self._health.get()

    def states_of_services(self) -> dict[str, object]:
        """The status of each service and of all together, without what changes all the time."""
        found = self.health()
        return {"status": found.status, "services": {each.service: each.status for each in found.services}}

    @contextmanager
    def dead_letters(self, queue: str) -> Iterator[DeadLetterBox]:
        """Yield the dead letters of a queue, at most the 500 oldest of them or 64 MB, for one caller at a time.

        Raises:
            Problem: the queue has no dead letters of its own (404).
            TryLater, StopProgram: the broker cannot be asked; the former also while others use them for too long.
        """
        queues = _queues_called(queue)
        with (
            alone(self._box, "somebody else looks at the dead letters; try again"),
            connected_broker(self.settings) as broker,
            DeadLetterBox(broker, queues, ROOM_FOR_DEAD_LETTERS) as box,
        ):
            yield box

    def close(self) -> None:
        """Close the connections."""
        self._store.close()
        self.history.close()
        self.for_strategies.close()

    def _read_queues(self) -> list[QueueReport]:
        with connected_broker(self.settings) as broker:
            return read_queues(broker, self.settings)

    def _read_health(self) -> SystemHealth:
        return read_health(self.settings, self.now(), leave_out="api")


def sources(connection: HTTPConnection) -> Sources:
    """What the application of this request or WebSocket answers from; also a dependency of routes."""
    found: Sources = connection.app.state.sources
    return found


def _queues_called(name: str) -> tuple[Queue, ...]:
    try:
        return queues_with_dead_letters(name)
    except StopProgram as error:
        raise Problem(HTTPStatus.NOT_FOUND, str(error), "unknown-queue") from error
