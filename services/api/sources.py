"""What the routes answer from: the settings, the clock, the store, the broker and the services."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus

from starlette.requests import HTTPConnection

from services.api.access.sessions import Sessions
from services.api.problems import Problem
from services.api.recent import Recent
from services.common.broker.topology import Queue
from services.common.clock import Clock
from services.common.errors import StopProgram
from services.common.history.port import HistoryReader
from services.common.runtime.health import DependencyHealth
from services.common.settings.settings import Settings
from services.common.store.port import SentimentStore
from services.operations.connections import connected_broker, next_step, store_hint
from services.operations.dead_letters import DeadLetterBox, queues_with_dead_letters
from services.operations.health import SystemHealth, read_health
from services.operations.other_programs.strategy_reads import StoreForStrategies
from services.operations.performance.performance import Performance, read_performance
from services.operations.queues import QueueReport, read_queues
from services.operations.sources import SourcesReport, read_sources

RECENT_SECONDS = 3.0
SOURCES_SECONDS = 60.0
MOST_DEAD_LETTERS = 500
_WAIT_SECONDS = 1.0
"""Who waits keeps one of the worker threads, which answer all other requests too."""


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
        self.for_strategies = StoreForStrategies(settings)
        self._store = store
        self._queues = Recent(self._read_queues, RECENT_SECONDS)
        self._health = Recent(self._read_health, RECENT_SECONDS)
        self._source_reports: dict[int, Recent[SourcesReport]] = {}
        self._box = threading.Lock()
        self._measuring = threading.Lock()

    def now(self) -> datetime:
        """The present instant by the clock of the system, which the demo sets back."""
        return self.clock.now()

    def dependencies(self) -> dict[str, DependencyHealth]:
        """The state of what the API depends on, as it was last seen. Never blocks."""
        return {"store": replace(self._store.health(), required=False)}

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

    def sources_report(self, days: int) -> SourcesReport:
        """How the sources of news did, at most a minute old. Raises as `read_sources`."""
        report = self._source_reports.setdefault(
            days,
            Recent(lambda: read_sources(self.history, self.settings, self.now(), days), SOURCES_SECONDS),
        )
        return report.get()

    def performance(self, pair: str | None, start: datetime | None, end: datetime | None) -> Performance:
        """How the scores did; one caller at a time, as this takes memory. Raises as `read_performance`.

        Raises:
            Problem: others ask for too long (503).
        """
        with _alone(self._measuring, "the scores are measured for others; try again"):
            return read_performance(self.history, pair=pair, start=start, end=end, now=self.now())

    def states_of_services(self) -> dict[str, object]:
        """The status of each service and of all together, without what changes all the time."""
        found = self.health()
        return {"status": found.status, "services": {each.service: each.status for each in found.services}}

    @contextmanager
    def dead_letters(self, queue: str) -> Iterator[DeadLetterBox]:
        """Yield the dead letters of a queue, at most the 500 oldest of them, for one caller at a time.

        Raises:
            Problem: the queue has no dead letters of its own (404), or others use them for too long (503).
            TryLater, StopProgram: the broker cannot be asked.
        """
        queues = _queues_called(queue)
        with (
            _alone(self._box, "somebody else looks at the dead letters; try again"),
            connected_broker(self.settings) as broker,
            DeadLetterBox(broker, queues, MOST_DEAD_LETTERS) as box,
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


@contextmanager
def _alone(lock: threading.Lock, detail: str) -> Iterator[None]:
    """Hold the lock. Raises Problem with this detail if others hold it for too long."""
    if not lock.acquire(timeout=_WAIT_SECONDS):
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, "busy", headers={"Retry-After": "5"})
    try:
        yield
    finally:
        lock.release()


def _queues_called(name: str) -> tuple[Queue, ...]:
    try:
        return queues_with_dead_letters(name)
    except StopProgram as error:
        raise Problem(HTTPStatus.NOT_FOUND, str(error), "unknown-queue") from error
