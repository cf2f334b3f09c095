"""The SQL statements of the embedded queue. Each function runs inside a transaction of the caller."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from services.common.broker.envelope import attempts_of, headers_of_dead_letter, identity
from services.common.broker.port import Delivery, QueueState
from services.common.broker.topology import DELIVERY_LIMIT, Queue
from services.common.errors import NeverWorks, TryLater

KIND = "embedded"


class NewRow(NamedTuple):
    """The column values of a message that is to be stored."""

    body: bytes
    message_id: str
    headers: str
    published: int
    due_at: float | None = None


def insert(db: sqlite3.Connection, queue: str, rows: Sequence[NewRow], now: float) -> None:
    """Append messages to the queue in the given order."""
    db.executemany(
        "INSERT INTO messages (queue, stored_at, body, message_id, headers, published, due_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        ((queue, now, *row) for row in rows),
    )
    _count(db, queue, stored=len(rows))


def _count(db: sqlite3.Connection, queue: str, *, stored: int = 0, handed_out: int = 0) -> None:
    db.execute(
        "INSERT INTO traffic VALUES (?, ?, ?) ON CONFLICT DO UPDATE "
        "SET stored = stored + excluded.stored, handed_out = handed_out + excluded.handed_out",
        (queue, stored, handed_out),
    )


def traffic(db: sqlite3.Connection) -> dict[str, tuple[int, int]]:
    """For each queue, the number of messages ever stored in it and the number ever delivered from it."""
    rows = db.execute("SELECT queue, stored, handed_out FROM traffic")
    return {queue: (stored, handed_out) for queue, stored, handed_out in rows}


def count_ready(db: sqlite3.Connection, queue: str) -> int:
    """The number of messages of a queue without a lease."""
    row = db.execute("SELECT count(*) FROM messages WHERE queue = ? AND lease IS NULL", (queue,)).fetchone()
    return int(row[0])


def has_work(db: sqlite3.Connection, queue: str, now: float) -> bool:
    """Whether the queue has a message without a lease, or a message whose next attempt is due."""
    query = (
        "SELECT EXISTS (SELECT 1 FROM messages WHERE queue = ? AND lease IS NULL) "
        "OR EXISTS (SELECT 1 FROM messages WHERE queue = ? || '.retry' AND lease IS NULL AND due_at <= ?)"
    )
    return bool(db.execute(query, (queue, queue, now)).fetchone()[0])


def check_room(db: sqlite3.Connection, queue: str, count: int, max_length: int) -> None:
    """Check that `count` more messages fit into the queue.

    Raises:
        TryLater: the queue has too little room now.
        NeverWorks: `count` messages do not fit even into the empty queue.
    """
    if count > max_length:
        raise NeverWorks(
            f"{count} messages at once never fit into {queue}, which holds {max_length} (QUEUE_MAX_LENGTH)"
        )
    if count_ready(db, queue) + count > max_length:
        raise TryLater(f"{queue} is full: it holds {max_length} messages (QUEUE_MAX_LENGTH)")


def drop_oldest(db: sqlite3.Connection, queue: str, max_length: int) -> tuple[int, int]:
    """Delete the oldest messages of a queue that has more than `max_length`.

    Counting a long queue takes milliseconds, so up to a thousandth of `max_length` more is deleted at once.

    Returns:
        The number of deleted messages, and the number of messages that may be stored before the next call.
    """
    slack = max_length // 1_000
    excess = count_ready(db, queue) - max_length
    room = min(slack, max(0, -excess))
    if excess > 0:
        excess, room = excess + slack, slack
        db.execute(
            "DELETE FROM messages WHERE seq IN "
            "(SELECT seq FROM messages WHERE queue = ? AND lease IS NULL ORDER BY seq LIMIT ?)",
            (queue, excess),
        )
    return max(0, excess), room


def drop_expired(db: sqlite3.Connection, queue: Queue, now: float) -> None:
    """Remove messages older than the queue's limit.

    After a restart of the machine its monotonic clock starts again, so the computed age of an older
    message is too low, and the message is removed later.
    """
    if queue.ttl_seconds is None:
        return
    db.execute(
        "DELETE FROM messages WHERE queue = ? AND lease IS NULL AND stored_at < ?",
        (queue.name, now - queue.ttl_seconds),
    )


def bring_back_due(db: sqlite3.Connection, queue: Queue, now: float) -> None:
    """Append to the queue the messages whose next attempt is due.

    A message whose storage time is later than `now` counts as due too: the machine, and with it the monotonic clock,
    was restarted after the message had been stored.
    """
    due = "queue = ? AND lease IS NULL AND (due_at <= ? OR stored_at > ?)"
    which = (queue.retry_name, now, now)
    cursor = db.execute(
        "INSERT INTO messages (queue, stored_at, body, message_id, headers, published) "  # noqa: S608 - no input in it # nosec B608
        f"SELECT ?, ?, body, message_id, headers, published FROM messages WHERE {due} ORDER BY due_at",
        (queue.name, now, *which),
    )
    if cursor.rowcount:
        db.execute(f"DELETE FROM messages WHERE {due}", which)  # noqa: S608 - no input in it # nosec B608
        _count(db, queue.name, stored=cursor.rowcount)


def take(db: sqlite3.Connection, queue: str, consumer: int, limit: int) -> list[Delivery]:
    """Lease the oldest messages of a queue to a consumer."""
    rows = db.execute(
        "SELECT seq, body, message_id, headers, handed_out FROM messages "
        "WHERE queue = ? AND lease IS NULL ORDER BY seq LIMIT ?",
        (queue, limit),
    ).fetchall()
    db.executemany(
        "UPDATE messages SET lease = ?, handed_out = handed_out + 1 WHERE seq = ?",
        ((consumer, row[0]) for row in rows),
    )
    if rows:
        _count(db, queue, handed_out=len(rows))
    return [
        Delivery(
            queue=queue,
            body=body,
            message_id=identity(message_id, body),
            headers=(known := json.loads(headers)),
            attempts=attempts_of(known),
            redelivered=handed_out > 0,
            token=seq,
        )
        for seq, body, message_id, headers, handed_out in rows
    ]


def settle(db: sqlite3.Connection, consumer: int, seqs: Iterable[int]) -> int:
    """Remove the given messages if they are leased to the consumer; returns the number of removed messages."""
    cursor = db.executemany(
        "DELETE FROM messages WHERE seq = ? AND lease = ?", ((seq, consumer) for seq in seqs)
    )
    return cursor.rowcount


def give_back(db: sqlite3.Connection, consumer: int, seqs: Iterable[int]) -> None:
    """End the leases of messages, so that the messages return to their former positions in the queue."""
    db.executemany(
        "UPDATE messages SET lease = NULL WHERE seq = ? AND lease = ?", ((seq, consumer) for seq in seqs)
    )


def give_back_all(db: sqlite3.Connection, consumer: int) -> None:
    """Requeue every message that is leased to a consumer, and remove the consumer."""
    db.execute("UPDATE messages SET lease = NULL WHERE lease = ?", (consumer,))
    db.execute("DELETE FROM consumers WHERE id = ?", (consumer,))


def states(db: sqlite3.Connection, names: Iterable[str], now: float) -> list[QueueState]:
    """The state of each named queue; `now` is the current time in epoch seconds."""
    messages = {
        queue: (ready, total - ready, max(now - oldest, 0.0))
        for queue, total, ready, oldest in db.execute(
            "SELECT queue, count(*), sum(lease IS NULL), min(published) FROM messages GROUP BY queue"
        )
    }
    consumers = dict(db.execute("SELECT queue, count(*) FROM consumers GROUP BY queue").fetchall())
    found = []
    for name in names:
        ready, unacknowledged, oldest = messages.get(name, (0, 0, None))
        found.append(QueueState(name, KIND, ready, unacknowledged, consumers.get(name, 0), oldest))
    return found


def owners(db: sqlite3.Connection) -> list[str]:
    """The names of the broker instances with consumers, including dead instances whose consumers were not removed."""
    return [owner for (owner,) in db.execute("SELECT DISTINCT owner FROM consumers")]


def requeue_from_owner(db: sqlite3.Connection, owner: str, queues: Iterable[Queue]) -> None:
    """Requeue the messages that a dead process had leased.

    If more than `DELIVERY_LIMIT` consumers died while a message was leased to them, it becomes a dead letter.
    """
    mine = "SELECT id FROM consumers WHERE owner = ?"
    db.execute(f"UPDATE messages SET lease = NULL, deaths = deaths + 1 WHERE lease IN ({mine})", (owner,))  # noqa: S608 - no input in it # nosec B608
    db.execute("DELETE FROM consumers WHERE owner = ?", (owner,))
    for queue in queues:
        if queue.retried:
            _dead_letter_deadly(db, queue)


def _dead_letter_deadly(db: sqlite3.Connection, queue: Queue) -> None:
    deadly = db.execute(
        "SELECT seq, headers, deaths FROM messages WHERE queue = ? AND lease IS NULL AND deaths > ?",
        (queue.name, DELIVERY_LIMIT),
    ).fetchall()
    for seq, headers, deaths in deadly:
        known = json.loads(headers)
        about = headers_of_dead_letter(queue.name, f"{deaths} consumers died while they handled it", known)
        db.execute(
            "UPDATE messages SET queue = ?, headers = ? WHERE seq = ?",
            (queue.dead_letter_name, json.dumps(known | about), seq),
        )
