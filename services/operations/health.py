"""The state of the services, as each of them says at /health."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError

from services.common.network.directly import open_directly
from services.common.services import NOTIFIER, SERVICES
from services.common.settings.settings import Settings

TIMEOUT_SECONDS = 2.0
MOST_BYTES = 20_000
AWAY = "away"
NOTHING_ANSWERS = "down"
"""The status of the system if no service answers."""


@dataclass(frozen=True, slots=True)
class Part:
    """One dependency of a service, as the service says.

    Attributes:
        status: `ok` or `down`.
        required: whether the service can do nothing useful without it.
    """

    name: str
    status: str
    required: bool
    detail: str


@dataclass(frozen=True, slots=True)
class ServiceHealth:
    """The state of one service.

    Attributes:
        status: ok, degraded, starting, down, or `away` if the service does not answer.
        uptime_seconds: None if the service does not answer.
    """

    service: str
    status: str
    version: str
    uptime_seconds: float | None
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class SystemHealth:
    """The state of all services. `status` is ok, degraded (some service is not ok) or down (none answers)."""

    status: str
    asked: datetime
    services: tuple[ServiceHealth, ...]

    def as_json(self) -> dict[str, Any]:
        """A dictionary of JSON values."""
        return {**asdict(self), "asked": self.asked.isoformat()}


def read_health(settings: Settings, now: datetime, *, leave_out: str = "") -> SystemHealth:
    """Ask all services at once; none is waited for longer than two seconds.

    Args:
        settings: API_SERVICES says where services answer; a service that it does not name is asked on this machine.
        now: the time for the answer.
        leave_out: a service that is not asked, because it asks.
    """
    names = dict.fromkeys([*SERVICES, *settings.service_addresses])
    addresses = {name: address_of(name, settings) for name in names if name != leave_out}
    with ThreadPoolExecutor(len(addresses), "health") as threads:
        answers = tuple(threads.map(_ask, addresses, addresses.values()))
    # Not everybody has a notifier: where nobody has named one, it is not missed.
    unmissed = {NOTIFIER} - settings.service_addresses.keys()
    found = tuple(each for each in answers if each.service not in unmissed or each.status != AWAY)
    states = {each.status for each in found}
    status = "ok" if states == {"ok"} else NOTHING_ANSWERS if states == {AWAY} else "degraded"
    return SystemHealth(status, now, found)


def address_of(service: str, settings: Settings) -> str:
    """Where a service answers /health and /metrics, as host:port: as API_SERVICES says, or else on this machine."""
    return settings.service_addresses.get(service) or f"127.0.0.1:{SERVICES[service].port}"


def _ask(service: str, address: str) -> ServiceHealth:
    try:
        with open_directly(f"http://{address}/health", TIMEOUT_SECONDS) as answer:
            text = answer.read(MOST_BYTES)
    except HTTPError as error:
        text = error.read(MOST_BYTES)  # a service that is down says why with status 503
    except (OSError, HTTPException):
        text = b""
    try:
        return service_health(service, json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError):
        return ServiceHealth(service, AWAY, "", None, ())


def service_health(service: str, body: Mapping[str, Any]) -> ServiceHealth:
    """The state of a service from the body of its /health.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: the body is not that of this service.
    """
    if body["service"] != service:
        raise ValueError(f"{body['service']} answers in the place of {service}")
    parts = tuple(
        Part(name, str(part["status"]), bool(part["required"]), str(part["detail"]))
        for name, part in body["dependencies"].items()
    )
    return ServiceHealth(
        service, str(body["status"]), str(body["version"]), float(body["uptime_seconds"]), parts
    )
