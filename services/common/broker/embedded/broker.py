"""Implements the broker port on one file: durable queues for the processes of one machine, without a server.

A message that goes to several queues has a row for each queue; each row is delivered, retried and dead-lettered
separately. A message is confirmed when its transaction is on the disk. A delivery is leased to its consumer. If a
process dies, the other processes remove its leases (`owner` determines which processes are alive).

All waiting times are measured on the machine's monotonic clock, so changing the system time loses and delays no
message.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence

from services.common.broker.confirmations import Confirmations
from services.common.broker.dead_letter_limit import DeadLetterLimit
from services.common.broker.embedded import statements as sql
from services.common.broker.embedded.file import QueueFile
from services.common.broker.embedded.owner import Owner
from services.common.broker.embedded.subscription import EmbeddedSubscription
from services.common.broker.envelope import check_outgoing, outgoing_headers
from services.common.broker.failures import Shared
from services.common.broker.options import BrokerOptions
from services.common.broker.port import OutgoingMessage, QueueState, Subscription
from services.common.broker.topology import Queue
from services.common.clock import Clock
from services.common.errors import NeverWorks, StopProgram, TryLater
from services.common.runtime.health import DependencyHealth
from services.common.runtime.metrics import MESSAGES_DROPPED
from services.common.settings.settings import Settings

FILE_NAME = "queue.sqlite3"
OWNERS_NAME = "queue.owners"


class EmbeddedBroker:
    """See `port.Broker`. Several instances may use the same `STATE_DIR`, in one process or in several."""

    def __init__(self, settings: Settings, clock: Clock, options: BrokerOptions | None = None) -> None:
        limit = DeadLetterLimit(settings.dead_letter_limit)
        self._shared = Shared(settings, options or BrokerOptions(), clock, limit)
        self._path = settings.state_dir / FILE_NAME
        self._room: dict[str, int] = {}  # how much may be stored in a queue before it is counted again
        self._bound: dict[str, list[Queue]] = {}
        for queue in self._shared.options.queues:
            for key in queue.binding_keys:
                self._bound.setdefault(key, []).append(queue)
        self._confirmations = Confirmations()
        self._lock = threading.Lock()  # of what follows
        self._file: QueueFile | None = None
        self._owner: Owner | None = None
        self._subscriptions: list[EmbeddedSubscription] = []
        self._problem = "not started"
        self._closed = False

    def start(self) -> None:
        """See `port.Broker.start`."""
        with self._lock:
            if self._closed:
                raise TryLater(f"{self._path}: {self._problem}")
            if self._file is not None:
                return
            try:
                file = QueueFile(self._path)
                self._owner = self._owner or Owner(self._path.with_name(OWNERS_NAME))
            except OSError as error:
                raise StopProgram(
                    f"{self._path.parent} cannot be written: {error}. Set STATE_DIR to another folder."
                ) from error
            except (TryLater, StopProgram) as error:
                self._problem = str(error)
                raise
            self._file = file
        self._owner.requeue_from_dead(file, self._shared.options.queues)

    def publish(self, messages: Sequence[OutgoingMessage], timeout: float = 30.0) -> None:
        """See `port.Broker.publish`. Either all messages are stored, or no message is stored."""
        check_outgoing(messages)
        rows: dict[Queue, list[sql.NewRow]] = {}
        published = self._shared.timestamp()
        for message in messages:
            queues = self._bound.get(message.routing_key)
            if queues is None:
                if not message.mandatory:
                    continue
                raise NeverWorks(f"no queue takes messages with the key {message.routing_key!r}")
            headers = json.dumps(outgoing_headers(message))
            row = sql.NewRow(message.body, message.message_id, headers, published)
            for queue in queues:
                rows.setdefault(queue, []).append(row)
        if rows:
            with self._confirmations.awaited():
                self._store(rows, timeout)

    def _store(self, rows: dict[Queue, list[sql.NewRow]], timeout: float) -> None:
        now = self._shared.options.monotonic()
        max_length = self._shared.settings.queue_max_length
        file, _ = self._opened()
        dropped: dict[str, int] = {}
        room = dict(self._room)
        with file.writing(durable=True, timeout=timeout) as db:
            for queue, new in rows.items():
                if queue.retried:
                    sql.check_room(db, queue.name, len(new), max_length)
                sql.insert(db, queue.name, new, now)
                if not queue.retried:
                    sql.drop_expired(db, queue, now)
                    room[queue.name] = room.get(queue.name, 0) - len(new)
                    if room[queue.name] < 0:
                        dropped[queue.name], room[queue.name] = sql.drop_oldest(db, queue.name, max_length)
        self._room = room
        for name, count in dropped.items():
            MESSAGES_DROPPED.labels(name).inc(count)

    def subscribe(self, queue: str, prefetch: int) -> Subscription:
        """See `port.Broker.subscribe`."""
        if queue not in self._names:
            raise StopProgram(f"there is no queue {queue}; there are {', '.join(self._names)}")
        file, owner = self._opened()
        subscription = EmbeddedSubscription(
            file, owner, queue, prefetch, shared=self._shared, confirmations=self._confirmations
        )
        with self._lock:
            self._subscriptions = [each for each in self._subscriptions if not each.closed]
            self._subscriptions.append(subscription)
        return subscription

    def queues(self) -> list[QueueState]:
        """See `port.Broker.queues`."""
        file, owner = self._opened()
        owner.requeue_from_dead(file, self._shared.options.queues)
        with file.reading() as db:
            return sql.states(db, self._names, self._shared.clock.now().timestamp())

    def health(self) -> DependencyHealth:
        """See `port.Broker.health`."""
        if self._file is None:
            return DependencyHealth(ok=False, detail=f"{self._path}: {self._problem}")
        if problem := next((each.problem for each in self._subscriptions if each.problem), None):
            return DependencyHealth(ok=False, detail=problem)
        for health in (self._shared.limit.health(), self._confirmations.health()):
            if not health.ok:
                return health
        return DependencyHealth(ok=True, detail=str(self._path))

    def close(self) -> None:
        """See `port.Broker.close`."""
        with self._lock:
            subscriptions, self._subscriptions = self._subscriptions, []
            file, self._file = self._file, None
            owner, self._owner = self._owner, None
            self._problem = "closed"
            self._closed = True
        for subscription in subscriptions:
            subscription.close()
        if owner is not None:
            owner.close()
        if file is not None:
            file.close()

    @property
    def _names(self) -> list[str]:
        return [name for queue in self._shared.options.queues for name in queue.names]

    def _opened(self) -> tuple[QueueFile, Owner]:
        with self._lock:
            if self._file is None or self._owner is None:
                raise TryLater(f"{self._path}: {self._problem}")
            return self._file, self._owner
