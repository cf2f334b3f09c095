"""Keeps the last requests and websocket frames that the exchange received, in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import structlog

log = structlog.get_logger(__name__)

CAPACITY = 2000
WEBSOCKET = "WS"


@dataclass(frozen=True)
class RequestEntry:
    """A received HTTP request, websocket connection or websocket frame.

    Attributes:
        number: the number of the request, counted from 1 and never reused.
        at: the wall-clock time in UTC at which the answer was complete.
        method: the HTTP method, or WS for a websocket connection or a frame.
        path: the path of the URL, or the method of a frame, such as SUBSCRIBE.
        query: the parameters of the URL, or the params of a frame.
        status: the HTTP status; 101 for an opened websocket, 200 or 400 for a frame.
        duration_ms: the real milliseconds until the answer was sent; for a websocket, until the handshake.
    """

    number: int
    at: datetime
    method: str
    path: str
    query: Mapping[str, Any]
    status: int
    duration_ms: float

    def as_json(self) -> dict[str, Any]:
        """Return the entry as JSON values."""
        return asdict(self) | {"at": self.at.isoformat(), "query": dict(self.query)}


class RequestLog:
    """A log that keeps the last `capacity` entries."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._entries: deque[RequestEntry] = deque(maxlen=capacity)
        self._total = 0

    @property
    def total(self) -> int:
        """The number of requests since the start, including those that are no longer kept."""
        return self._total

    def add(
        self,
        *,
        at: datetime,
        method: str,
        path: str,
        query: Mapping[str, Any],
        status: int,
        duration_ms: float,
    ) -> None:
        """Add a request that has been answered."""
        self._total += 1
        entry = RequestEntry(self._total, at, method, path, query, status, round(duration_ms, 3))
        self._entries.append(entry)
        log.debug("replay_request", method=method, path=path, query=dict(query), status=status)

    def entries(self, *, path: str = "", after: int = 0, limit: int = CAPACITY) -> list[RequestEntry]:
        """Return the last `limit` of the entries above number `after` whose paths start with `path`, oldest first."""
        found = [entry for entry in self._entries if entry.number > after and entry.path.startswith(path)]
        return found[max(0, len(found) - limit) :]
