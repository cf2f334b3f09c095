"""What was asked of the exchange: the last requests and websocket frames, in memory."""

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
    """One request.

    Attributes:
        number: counts up from 1, never reused.
        at: when it had been answered, wall clock, UTC.
        method: GET, POST ..., or WS for a frame on a websocket.
        path: of the URL; of a frame, its method, such as SUBSCRIBE.
        query: parameters of the URL; of a frame, its params.
        status: of the answer; 101 for a websocket opened, 200 or 400 for a frame.
        duration_ms: real milliseconds until the answer; for a websocket until the handshake.
    """

    number: int
    at: datetime
    method: str
    path: str
    query: Mapping[str, Any]
    status: int
    duration_ms: float

    def as_json(self) -> dict[str, Any]:
        """The entry as JSON values."""
        return asdict(self) | {"at": self.at.isoformat(), "query": dict(self.query)}


class RequestLog:
    """Keeps the last `capacity` entries."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._entries: deque[RequestEntry] = deque(maxlen=capacity)
        self._total = 0

    @property
    def total(self) -> int:
        """Requests since the start, forgotten ones included."""
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
        """Note a request that has been answered."""
        self._total += 1
        entry = RequestEntry(self._total, at, method, path, query, status, round(duration_ms, 3))
        self._entries.append(entry)
        log.debug("replay_request", method=method, path=path, query=dict(query), status=status)

    def entries(self, *, path: str = "", after: int = 0, limit: int = CAPACITY) -> list[RequestEntry]:
        """The last `limit` entries above number `after` whose path begins with `path`, oldest first."""
        found = [entry for entry in self._entries if entry.number > after and entry.path.startswith(path)]
        return found[max(0, len(found) - limit) :]
