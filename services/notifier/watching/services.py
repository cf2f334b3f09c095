"""Watches the other services at their /health. Those that never answered here are not missed.

Freqtrade is one of them: the recorder, which follows it, says at its /health whether it answers.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from services.common.clock import Clock
from services.common.history.notifying.port import NotifierBatch
from services.common.services import NOTIFIER, RECORDER
from services.common.settings.settings import Settings
from services.notifier.happening import Happening
from services.notifier.happenings.running import service_down, service_up
from services.notifier.watching.found import Found
from services.operations.health import AWAY, ServiceHealth, SystemHealth, read_health

CURSOR = "notifier:down"
SEEN = "notifier:seen"
"""The name of the position that lists the services that have answered."""
FREQTRADE = "freqtrade"
WORKS = frozenset({"ok", "degraded"})


class ServiceWatch:
    """A `Watch` of the services. `ask` is `read_health`, but for tests.

    A service that does not work is told after `down_seconds` by a clock that is never set.
    """

    name = "services"
    seconds = 5.0

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        down_seconds: float,
        position_of: Callable[[str], str | None],
        ask: Callable[..., SystemHealth] = read_health,
    ) -> None:
        self._settings, self._clock, self._down_seconds = settings, clock, down_seconds
        self._position_of, self._ask = position_of, ask
        self._seen = set(settings.service_addresses)
        self._kept: set[str] = set()  # those that the history lists
        self._failing: dict[str, float] = {}
        self._down: dict[str, str] | None = None  # those told, with when they were
        self._next: dict[str, str] = {}

    def look(self) -> Found:
        """See `Watch`."""
        down, now = self._written(), self._clock.now()
        health = self._ask(self._settings, now, leave_out=NOTIFIER)
        self._next = dict(down)
        services = [*health.services, *_followed(health.services)]
        found = [each for service in services if (each := self._changed(service, now)) is not None]
        cursors = {CURSOR: json.dumps(self._next)} if self._next != down else {}
        if self._seen != self._kept:
            cursors[SEEN] = json.dumps(sorted(self._seen))
        return Found(
            happenings=tuple(found),
            also=NotifierBatch(cursors=cursors),
            health="watched" if self._seen else "no service has answered here: see API_SERVICES",
        )

    def commit(self) -> None:
        """See `Watch`."""
        self._down, self._kept = self._next, set(self._seen)

    def _written(self) -> dict[str, str]:
        """What was written last. It is read after each look that failed: only its answer may be lost."""
        down, self._down = self._down, None
        if down is None:
            stored: dict[str, str] = json.loads(self._position_of(CURSOR) or "{}")
            self._kept = set(json.loads(self._position_of(SEEN) or "[]"))
            self._seen |= stored.keys() | self._kept
            down = stored
        return down

    def _changed(self, service: ServiceHealth, now: datetime) -> Happening | None:
        name, moment = service.service, time.monotonic()
        if service.status in WORKS:
            self._seen.add(name)
            failed = self._failing.pop(name, None)
            if name not in self._next:
                return None
            since = datetime.fromisoformat(self._next.pop(name))
            seconds = moment - failed if failed is not None else (now - since).total_seconds()
            return service_up(name, since, max(seconds, 0.0), now)
        failed = self._failing.setdefault(name, moment)
        if name not in self._seen or name in self._next or moment - failed < self._down_seconds:
            return None
        self._next[name] = now.isoformat()
        return service_down(name, _detail(service), now, moment - failed, now)


def _followed(services: Sequence[ServiceHealth]) -> list[ServiceHealth]:
    """Freqtrade as the recorder sees it; nothing if the recorder does not answer."""
    return [
        ServiceHealth(
            FREQTRADE, "ok" if part.status == "ok" else "down", "", None, (replace(part, required=True),)
        )
        for service in services
        if service.service == RECORDER
        for part in service.parts
        if part.name == FREQTRADE
    ]


def _detail(service: ServiceHealth) -> str:
    if service.status == AWAY:
        return "it does not answer"
    parts = [f"{part.name}: {part.detail}" for part in service.parts if part.status != "ok" and part.required]
    return "; ".join(parts) or f"it says {service.status}"
