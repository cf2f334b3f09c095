"""The broker port on one file: a durable queue for the processes of one machine, without a server.

A message is confirmed when its transaction is on the disk. What a consumer has in hand is marked with it; the
marks of a process that died are removed by the others (`embedded_owner` says who is alive).

All waiting is measured on the machine's monotonic clock, so setting the time loses and delays nothing.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Sequence

from services.common.broker.confirmations import Confirmations
from services.common.broker.embedded import statements as sql
from services.common.broker.embedded.file import QueueFile
from services.common.broker.embedded.owner import Owner
from services.common.broker.embedded.subscription import EmbeddedSubscription
from services.common.broker.envelope import check_outgoing, outgoing_headers
from services.common.broker.options import BrokerOptions
from services.common.broker.port import OutgoingMessage, QueueState, Subscription
from services.common.broker.topology import QUEUES, Queue
from services.common.clock import Clock
from services.common.errors import NeverWorks, StopProgram, TryLater
from services.common.runtime.health import DependencyHealth
from services.common.settings.settings import Settings

FILE_NAME = "queue.sqlite3"
OWNERS_NAME = "queue.owners"
BURIAL_SECONDS = 0.25
WRITE_SECONDS = 5.0
KIND = "embedded"


class EmbeddedBroker:
    """See `port.Broker`. Several may use the same `STATE_DIR`, in one process or in many."""

    def __init__(self, settings: Settings, clock: Clock, options: BrokerOptions | None = None) -> None:
        self._settings = settings
        self._clock = clock
        self._options = options or BrokerOptions()
        self._path = settings.state_dir / FILE_NAME
        self._by_key = {key: queue for queue in QUEUES for key in queue.routing_keys}
        self._confirmations = Confirmations()
        self._lock = threading.Lock()  # of what follows
        self._file: QueueFile | None = None
        self._owner: Owner | None = None
        self._subscriptions: list[EmbeddedSubscription] = []
        self._problem = "not started"
        self._closed = False
        self._next_burial = 0.0

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
        self._bury_the_dead()

    def publish(self, messages: Sequence[OutgoingMessage], timeout: float = 30.0) -> None:
        """See `port.Broker.publish`. Either all messages are stored or none."""
        check_outgoing(messages)
        rows: dict[Queue, list[sql.NewRow]] = {}
        published = self._published()
        for message in messages:
            queue = self._by_key.get(message.routing_key)
            if queue is None:
                raise NeverWorks(f"no queue takes messages with the key {message.routing_key!r}")
            headers = json.dumps(outgoing_headers(message))
            row = sql.NewRow(message.body, message.message_id, headers, published)
            rows.setdefault(queue, []).append(row)
        if rows:
            with self._confirmations.awaited():
                self._store(rows, timeout)

    def _store(self, rows: dict[Queue, list[sql.NewRow]], timeout: float) -> None:
        now = self._options.monotonic()
        max_length = self._settings.queue_max_length
        with self._opened().writing(durable=True, timeout=timeout) as db:
            for queue, new in rows.items():
                if queue.retried:
                    sql.check_room(db, queue.name, len(new), max_length)
                sql.insert(db, queue.name, new, now)
                if not queue.retried:
                    sql.drop_expired(db, queue, now)
                    sql.drop_oldest(db, queue.name, max_length)

    def subscribe(self, queue: str, prefetch: int) -> Subscription:
        """See `port.Broker.subscribe`."""
        if queue not in _all_names():
            raise StopProgram(f"there is no queue {queue}; there are {', '.join(_all_names())}")
        file = self._opened()
        owner = self._owner
        if owner is None:  # pragma: no cover - made with the file
            raise TryLater(f"{self._path}: not started")
        subscription = EmbeddedSubscription(
            file,
            owner.name,
            self._bury_the_dead,
            self._confirmations,
            queue=queue,
            prefetch=prefetch,
            max_attempts=self._settings.retry_max_attempts,
            max_length=self._settings.queue_max_length,
            published=self._published,
            options=self._options,
        )
        with self._lock:
            self._subscriptions = [each for each in self._subscriptions if not each.closed]
            self._subscriptions.append(subscription)
        return subscription

    def queues(self) -> list[QueueState]:
        """See `port.Broker.queues`."""
        self._bury_the_dead()
        with self._opened().reading() as db:
            depths = sql.depths(db)
            consumers = sql.consumers(db)
            oldest = sql.oldest(db)
        now = self._published()
        return [
            QueueState(
                name,
                KIND,
                *depths.get(name, (0, 0)),
                consumers.get(name, 0),
                float(max(now - oldest[name], 0)) if name in oldest else None,
            )
            for name in _all_names()
        ]

    def health(self) -> DependencyHealth:
        """See `port.Broker.health`."""
        if self._file is None:
            return DependencyHealth(ok=False, detail=f"{self._path}: {self._problem}")
        if trouble := next((each.trouble for each in self._subscriptions if each.trouble), None):
            return DependencyHealth(ok=False, detail=trouble)
        confirmed = self._confirmations.health()
        return DependencyHealth(ok=True, detail=str(self._path)) if confirmed.ok else confirmed

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

    def _opened(self) -> QueueFile:
        file = self._file
        if file is None:
            raise TryLater(f"{self._path}: {self._problem}")
        return file

    def _published(self) -> int:
        return int(self._clock.now().timestamp())

    def _bury_the_dead(self) -> None:
        """Give back what dead processes had in hand. Looks a few times a second at most."""
        with self._lock:
            file, owner = self._file, self._owner
            now = time.monotonic()
            if file is None or owner is None or now < self._next_burial:
                return
            self._next_burial = now + BURIAL_SECONDS
        with file.reading() as db:
            owners = sql.owners(db)
        for name in owners:
            if name != owner.name and not owner.is_alive(name):
                with file.writing(durable=False, timeout=WRITE_SECONDS) as db:
                    sql.bury_owner(db, name, QUEUES)


def _all_names() -> list[str]:
    return [
        name
        for queue in QUEUES
        for name in (
            (queue.name, queue.retry_name, queue.dead_letter_name) if queue.retried else (queue.name,)
        )
    ]
