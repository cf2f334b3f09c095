"""Reports each server that cannot be reached, of those that `up` needs but does not start, with the next step."""

from __future__ import annotations

import socket
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from services.common.settings.settings import BrokerKind, Settings

TELL_AFTER_SECONDS = 10.0
AGAIN_AFTER_SECONDS = 60.0
_CONNECT_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Server:
    """The address of a server."""

    name: str
    host: str
    port: int


def servers_of(settings: Settings) -> dict[str, Server]:
    """The servers that `up` does not start, by their names in /health; empty with BROKER=embedded."""
    if settings.broker is BrokerKind.EMBEDDED:
        return {}
    return {
        "broker": Server("RabbitMQ", settings.rabbitmq_host, settings.rabbitmq_port),
        "redis": Server("Redis", settings.redis_host, settings.redis_port),
    }


def why_away(server: Server) -> str:
    """Return why the system cannot connect to a server; empty if it can."""
    try:
        with socket.create_connection((server.host, server.port), timeout=_CONNECT_SECONDS):
            return ""
    except OSError as error:
        return error.strerror or str(error)
    except UnicodeError as error:  # no valid host name, such as one with two dots in a row
        return str(error)


class MissingServers:
    """Reports servers that cannot be reached, after ten seconds and then every minute.

    Args:
        servers: the servers by their names in /health.
        tell: shows a message.
        ask: see `why_away`. Called only for servers that are down according to /health, so that the others get no
            needless connections.
    """

    def __init__(
        self,
        servers: Mapping[str, Server],
        tell: Callable[[str], None],
        ask: Callable[[Server], str] = why_away,
    ) -> None:
        self._servers = servers
        self._tell = tell
        self._ask = ask
        self._due: dict[str, float] = {}

    def look(self, parts_down: Collection[str], now: float) -> None:
        """Report each server that is due; `parts_down` are names in /health, `now` is a monotonic time in seconds."""
        for part, server in self._servers.items():
            if part not in parts_down:
                self._due.pop(part, None)
            elif now >= self._due.setdefault(part, now + TELL_AFTER_SECONDS):
                self._due[part] = now + AGAIN_AFTER_SECONDS
                if reason := self._ask(server):
                    self._tell(
                        f"{server.name} is not there ({server.host}:{server.port}: {reason}). `docker compose up -d` "
                        "starts one on this machine; `./cryptoboy up --broker embedded` needs none"
                    )
