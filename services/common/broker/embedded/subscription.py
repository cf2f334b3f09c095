"""A consumer of one queue of the embedded broker."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import structlog

from services.common.broker.confirmations import Confirmations
from services.common.broker.embedded import statements as sql
from services.common.broker.embedded.file import QueueFile
from services.common.broker.embedded.owner import Owner
from services.common.broker.envelope import FailedCopy
from services.common.broker.failures import FailureHandling, Shared
from services.common.broker.port import Delivery
from services.common.errors import CryptoBoyError, TryLater

log = structlog.get_logger(__name__)

QUICK_SECONDS = 2.0
COPY_SECONDS = 30.0


class EmbeddedSubscription(FailureHandling):
    """See `port.Subscription`.

    Attributes:
        closed: whether `close` was called.
        problem: the reason why the file cannot be used now, or None.

    Args:
        queue: the name of the queue that is read.
    """

    def __init__(
        self,
        file: QueueFile,
        owner: Owner,
        queue: str,
        prefetch: int,
        *,
        shared: Shared,
        confirmations: Confirmations,
    ) -> None:
        super().__init__(queue, shared)
        self._file = file
        self._owner = owner
        self._confirmations = confirmations
        self._prefetch = max(1, prefetch)
        self._lock = threading.Lock()  # of what follows
        self._unsettled: set[int] = set()
        self._to_settle: set[int] = set()  # written as soon as the file can be
        self._to_give_back: set[int] = set()
        self.problem: str | None = None
        self.closed = False
        with file.writing(durable=False, timeout=QUICK_SECONDS) as db:
            cursor = db.execute("INSERT INTO consumers (owner, queue) VALUES (?, ?)", (owner.name, queue))
            self._consumer = int(cursor.lastrowid or 0)
            self._move_due(db, shared.options.monotonic())  # first, as the clock may have begun anew

    def receive(self, max_messages: int, timeout: float) -> list[Delivery]:
        """See `port.Subscription.receive`."""
        deadline = time.monotonic() + timeout
        while not self.closed:
            deliveries = self._look(max_messages)
            left = deadline - time.monotonic()
            if deliveries or left <= 0:
                return deliveries
            time.sleep(min(self._shared.options.poll, left))
        return []

    def ack(self, deliveries: Sequence[Delivery]) -> None:
        """See `port.Subscription.ack`."""
        with self._lock, self._noting_problem():
            settled = self._mine(deliveries)
            self._shared.limit.settled(self._name, len(settled), dead=False)
            self._to_settle |= settled
            self._write_settled()

    def release(self, deliveries: Sequence[Delivery]) -> None:
        """See `port.Subscription.release`."""
        with self._lock, self._noting_problem():
            self._to_give_back |= self._mine(deliveries)
            self._write_settled()

    def close(self) -> None:
        """See `port.Subscription.close`."""
        with self._lock:
            if self.closed:
                return
            self.closed = True
            try:
                with self._file.writing(durable=False, timeout=QUICK_SECONDS) as db:
                    sql.settle(db, self._consumer, self._to_settle)
                    sql.give_back_all(db, self._consumer)
            except CryptoBoyError as error:
                # Others requeue our deliveries once the broker is closed and its lock is released.
                log.warning("broker_close_incomplete", queue=self._name, error=str(error))

    def _mine(self, deliveries: Sequence[Delivery]) -> set[int]:
        """Mark those of these deliveries that are unsettled as settled, and return their row numbers in the file."""
        seqs = {each.token for each in deliveries if isinstance(each.token, int)} & self._unsettled
        self._unsettled -= seqs
        return seqs

    def _write_settled(self) -> None:
        if not (self._to_settle or self._to_give_back):
            return
        with self._file.writing(durable=False, timeout=QUICK_SECONDS) as db:
            sql.settle(db, self._consumer, self._to_settle)
            sql.give_back(db, self._consumer, self._to_give_back)
        self._to_settle.clear()
        self._to_give_back.clear()

    def _replace(self, delivery: Delivery, copy: FailedCopy | None) -> bool:
        """Store the copy and settle the original in one transaction."""
        with self._lock:
            seq = delivery.token
            if self.closed or not isinstance(seq, int) or seq not in self._unsettled:
                return False
            writing = self._file.writing(durable=True, timeout=COPY_SECONDS)
            with self._confirmations.awaited(), writing as db:
                if not sql.settle(db, self._consumer, [seq]):
                    return False
                if copy is not None:
                    self._insert(db, delivery, copy)
            self._unsettled.discard(seq)
            return True

    def _insert(self, db: sqlite3.Connection, delivery: Delivery, copy: FailedCopy) -> None:
        now = self._shared.options.monotonic()
        headers, published = json.dumps(copy.headers), self._shared.timestamp()
        row = sql.NewRow(delivery.body, delivery.message_id, headers, published)
        if copy.delay is None:
            sql.insert(db, copy.queue.dead_letter_name, [row], now)
        else:
            sql.check_room(db, copy.queue.retry_name, 1, self._shared.settings.queue_max_length)
            sql.insert(db, copy.queue.retry_name, [row._replace(due_at=now + copy.delay)], now)

    def _look(self, max_messages: int) -> list[Delivery]:
        with self._lock, self._noting_problem():
            if not self.closed:
                self._write_settled()
                self._owner.requeue_from_dead(self._file, self._shared.options.queues)
                return self._take(min(max_messages, self._prefetch - len(self._unsettled)))
        return []

    def _take(self, room: int) -> list[Delivery]:
        now = self._shared.options.monotonic()
        if room <= 0:
            return []
        with self._file.reading() as db:
            if not sql.has_work(db, self._name, now):
                return []
        with self._file.writing(durable=False, timeout=QUICK_SECONDS) as db:
            self._move_due(db, now)
            taken = sql.take(db, self._name, self._consumer, room)
        self._unsettled |= {each.token for each in taken if isinstance(each.token, int)}
        return taken

    def _move_due(self, db: sqlite3.Connection, now: float) -> None:
        if self._queue:
            sql.bring_back_due(db, self._queue, now)
            sql.drop_expired(db, self._queue, now)

    @contextmanager
    def _noting_problem(self) -> Iterator[None]:
        """A context manager that logs a write problem of the file once, and continues as if the queue were empty."""
        try:
            yield
        except TryLater as error:
            if self.problem != str(error):
                self.problem = str(error)
                log.warning("broker_away", queue=self._name, error=self.problem)
        else:
            self.problem = None
