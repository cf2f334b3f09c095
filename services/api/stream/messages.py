"""The messages of the stream, each a JSON object with its `kind` and the `cursor` to resume from."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from services.api.answers import json_text
from services.common.history.queries import Change
from services.common.history.rows import Kind

_LONG_FIELDS = frozenset({"content", "details", "recorded"})
"""Fields that a client asks for by the key, so that no message is long."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A change, written once for all clients."""

    seq: int
    kind: Kind
    pair: str
    source: str
    text: str


def entry_of(change: Change) -> Entry:
    """The message about a change."""
    event = change.event
    row: dict[str, Any] = asdict(change.row) if change.row is not None else {}
    data = {name: value for name, value in row.items() if name not in _LONG_FIELDS}
    body = {
        "kind": event.kind,
        "cursor": event.seq,
        "key": event.key,
        "pair": event.pair,
        "source": event.source,
        "at": event.at,
        "data": data or None,
    }
    return Entry(event.seq, event.kind, event.pair, event.source, json_text(body))


def hello(cursor: int, now: datetime) -> str:
    """The first message: from where the stream goes on, and the time of the system."""
    return json_text({"kind": "hello", "cursor": cursor, "time": now})


def tick(cursor: int, now: datetime) -> str:
    """A sign of life; everything up to the cursor was sent or is not subscribed to."""
    return json_text({"kind": "tick", "cursor": cursor, "time": now})


def gap(cursor: int) -> str:
    """What lies between the client's cursor and this one is no longer kept."""
    return json_text({"kind": "gap", "cursor": cursor})


def health(cursor: int, data: object) -> str:
    """The state of the services, sent at the beginning and when it changes."""
    return json_text({"kind": "health", "cursor": cursor, "data": data})
