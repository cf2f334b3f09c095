"""Describes a server that was found or started, and waits until a server answers."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import httpx
import redis
from pydantic import SecretStr

from services.common.runtime.ports import free_port
from services.common.settings.settings import BrokerKind

LOOPBACK = "127.0.0.1"


class ServerProblem(Exception):  # noqa: N818 - it is the name of what happened
    """A server is not available or does not start; the message gives the reason and says what to do."""


class Control(Protocol):
    """Stops a server and starts it again on the same ports."""

    def start(self) -> None:
        """Start the server and wait until it answers. Raises ServerProblem."""
        ...

    def stop(self) -> None:
        """Stop the server as its operator would, and wait until it has ended. Raises ServerProblem."""
        ...

    def close(self) -> None:
        """Kill the server and remove its files."""
        ...


class RabbitControl(Control, Protocol):
    """A `Control` for a RabbitMQ server."""

    def ctl(self, *arguments: str) -> str:
        """The output of `rabbitmqctl` with these arguments. Raises ServerProblem."""
        ...


class UnmanagedServer:
    """The `Control` of a server that is not managed here, so that it can neither be started nor stopped."""

    def __init__(self, found_in: str) -> None:
        self._problem = f"the server of {found_in} is not ours to stop or start; unset {found_in} for this"

    def start(self) -> None:
        """Raise ServerProblem."""
        raise ServerProblem(self._problem)

    def stop(self) -> None:
        """Raise ServerProblem."""
        raise ServerProblem(self._problem)

    def ctl(self, *_arguments: str) -> str:
        """Raise ServerProblem."""
        raise ServerProblem(self._problem)

    def close(self) -> None:
        """Leave the server running."""


@dataclass(frozen=True, slots=True)
class RabbitServer:
    """A running RabbitMQ with its management API; `user` is an administrator.

    Attributes:
        vhost: an existing virtual host.
        origin: the place where the address was found, for people.
        prometheus_port: the port of the Prometheus plugin.
    """

    host: str
    port: int
    management_port: int
    user: str
    password: str
    vhost: str
    control: RabbitControl
    origin: str
    prometheus_port: int = 15692

    def settings(self, vhost: str | None = None) -> dict[str, Any]:
        """The fields of `Settings` for a service that uses this server; `vhost` replaces the virtual host."""
        return {
            "broker": BrokerKind.RABBITMQ,
            "rabbitmq_host": self.host,
            "rabbitmq_port": self.port,
            "rabbitmq_user": self.user,
            "rabbitmq_pass": SecretStr(self.password),
            "rabbitmq_vhost": vhost or self.vhost,
            "rabbitmq_management_port": self.management_port,
        }


@dataclass(frozen=True, slots=True)
class RedisServer:
    """A running Redis whose database `db` may be emptied."""

    host: str
    port: int
    password: str | None
    db: int
    control: Control
    origin: str

    def settings(self) -> dict[str, Any]:
        """The fields of `Settings` for a service that uses this server."""
        password = SecretStr(self.password) if self.password else None
        return {"redis_host": self.host, "redis_port": self.port, "redis_password": password}


def free_ports(count: int) -> list[int]:
    """Different unused TCP ports of loopback, which the system assigns to no other program for a minute."""
    return [free_port() for _ in range(count)]


def wait_until(what: str, ready: Callable[[], bool], seconds: float, alive: Callable[[], str | None]) -> None:
    """Call `ready` repeatedly until it returns true.

    Args:
        what: the name of the server in the error.
        ready: called every 50 ms.
        seconds: the maximum waiting time.
        alive: returns the reason if waiting has become pointless, else None.

    Raises:
        ServerProblem: `ready` did not return true within `seconds`, or `alive` returned a reason.
    """
    deadline = time.monotonic() + seconds
    while not ready():
        reason = alive()
        if reason:
            raise ServerProblem(f"{what}: {reason}")
        if time.monotonic() > deadline:
            raise ServerProblem(f"{what}: no answer within {seconds:.0f} s")
        time.sleep(0.05)


def rabbitmq_answers(
    host: str, port: int, management_port: int, user: str, password: str, *, ca: str | None = None
) -> bool:
    """Whether the AMQP port accepts connections and the management API accepts the user; `ca` requires TLS there."""
    try:
        answer = httpx.get(
            f"{'https' if ca else 'http'}://{host}:{management_port}/api/overview",
            auth=(user, password),
            timeout=5,
            trust_env=False,
            verify=ssl.create_default_context(cafile=ca) if ca else True,
        )
        if answer.status_code != httpx.codes.OK:
            return False
        socket.create_connection((host, port), timeout=2).close()
    except (OSError, httpx.HTTPError):
        return False
    return True


def redis_answers(host: str, port: int, password: str | None) -> bool:
    """Whether the Redis server answers a PING."""
    try:
        with redis.Redis(host=host, port=port, password=password, socket_timeout=2) as client:
            return bool(client.ping())
    except (OSError, redis.RedisError):
        return False


def nothing_to_watch() -> None:
    """Return None; this is the `alive` of `wait_until` if there is no process to watch."""
