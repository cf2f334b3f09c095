"""What a found or started server looks like, and how to wait for one."""

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
    """A server cannot be had or does not come up; the message says why and what to do."""


class Control(Protocol):
    """Stops and starts a server again, with its data, on the same ports."""

    def start(self) -> None:
        """Start and wait until it answers. Raises ServerProblem."""
        ...

    def stop(self) -> None:
        """Stop it as its operator would, and wait for the end. Raises ServerProblem."""
        ...

    def close(self) -> None:
        """Stop it at once and remove what it left behind."""
        ...


class RabbitControl(Control, Protocol):
    """As `Control`, for a RabbitMQ."""

    def ctl(self, *arguments: str) -> str:
        """What `rabbitmqctl` with these arguments prints. Raises ServerProblem."""
        ...


class UnmanagedServer:
    """Stands for a server that is somebody else's."""

    def __init__(self, found_in: str) -> None:
        self._problem = f"the server of {found_in} is not ours to stop or start; unset {found_in} for this"

    def start(self) -> None:
        """Refuses."""
        raise ServerProblem(self._problem)

    def stop(self) -> None:
        """Refuses."""
        raise ServerProblem(self._problem)

    def ctl(self, *_arguments: str) -> str:
        """Refuses."""
        raise ServerProblem(self._problem)

    def close(self) -> None:
        """Leaves it running."""


@dataclass(frozen=True, slots=True)
class RabbitServer:
    """A running RabbitMQ with its management API; `user` is an administrator.

    Attributes:
        vhost: one that exists.
        origin: where it was found, for people.
        prometheus_port: of its plugin.
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
        """Fields of `Settings` with which a service uses it, in another virtual host if one is given."""
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
        """Fields of `Settings` with which a service uses it."""
        password = SecretStr(self.password) if self.password else None
        return {"redis_host": self.host, "redis_port": self.port, "redis_password": password}


def free_ports(count: int) -> list[int]:
    """So many different TCP ports of loopback that nothing listens on, and that nobody else gets for a minute."""
    return [free_port() for _ in range(count)]


def wait_until(what: str, ready: Callable[[], bool], seconds: float, alive: Callable[[], str | None]) -> None:
    """Poll `ready` until it is true.

    Args:
        what: named in the error.
        ready: asked every 50 ms.
        seconds: the longest time it may take.
        alive: says why waiting is pointless, or None.

    Raises:
        ServerProblem: it took longer than `seconds`, or `alive` gave a reason.
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
    """Whether AMQP connections are taken and the management API knows the user; over TLS if `ca` is given."""
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
    """Whether a PING is answered."""
    try:
        with redis.Redis(host=host, port=port, password=password, socket_timeout=2) as client:
            return bool(client.ping())
    except (OSError, redis.RedisError):
        return False


def nothing_to_watch() -> None:
    """For `wait_until` where no process can be watched."""
