"""A real RabbitMQ and a real Redis for the tests, wherever they can be had.

Tried in this order; the first that works is used:

1. An address in the environment: `TEST_RABBITMQ_URL=amqp://user:password@host:port/vhost`, with the
   management API at `TEST_RABBITMQ_MANAGEMENT_PORT` (15672 if unset), the Prometheus plugin at
   `TEST_RABBITMQ_PROMETHEUS_PORT` (15692 if unset) and a user who is an administrator, for
   each test makes a virtual host; `TEST_REDIS_URL=redis://:password@host:port/db`: TESTS EMPTY THAT DATABASE.
2. A Docker engine that answers within two seconds, through testcontainers.
3. The server programs of this machine, started privately: loopback, free ports, a folder of their own.

Only what was started here is stopped here. Nothing in this module needs pytest.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Protocol, TypeVar
from urllib.parse import unquote, urlsplit

from tests.support.servers.server_containers import RabbitContainer, RedisContainer
from tests.support.servers.server_control import (
    Control,
    RabbitServer,
    RedisServer,
    ServerProblem,
    UnmanagedServer,
    nothing_to_watch,
    rabbitmq_answers,
    redis_answers,
    wait_until,
)
from tests.support.servers.server_programs import RabbitProgram, RedisProgram

__all__ = ["RabbitServer", "RedisServer", "ServerProblem", "running_rabbitmq", "running_redis"]

ANSWER_SECONDS = 30.0
Address_co = TypeVar("Address_co", covariant=True)


class Candidate(Control, Protocol[Address_co]):
    """A way to have a server, not started yet."""

    origin: str

    def address(self) -> Address_co:
        """Where it will listen."""
        ...


@contextmanager
def running_rabbitmq(environ: Mapping[str, str] = os.environ) -> Iterator[RabbitServer]:
    """A RabbitMQ that answers, for as long as the context lasts.

    Raises:
        ServerProblem: none can be had; says what was tried and what to do.
    """
    url = environ.get("TEST_RABBITMQ_URL")
    if url:
        server = rabbitmq_at(url, int(environ.get("TEST_RABBITMQ_MANAGEMENT_PORT", "15672")))
        plugin = int(environ.get("TEST_RABBITMQ_PROMETHEUS_PORT", "15692"))
        server = replace(server, prometheus_port=plugin)
        address = (server.host, server.port, server.management_port, server.user, server.password)
        wait_until(
            "TEST_RABBITMQ_URL, with its management API",
            lambda: rabbitmq_answers(*address),
            ANSWER_SECONDS,
            nothing_to_watch,
        )
        yield server
        return
    ways: list[Candidate[RabbitServer]] = [RabbitContainer(), RabbitProgram()]
    with first_that_starts("RabbitMQ", ways) as server:
        yield server


@contextmanager
def running_redis(environ: Mapping[str, str] = os.environ) -> Iterator[RedisServer]:
    """A Redis that answers, for as long as the context lasts.

    Raises:
        ServerProblem: none can be had; says what was tried and what to do.
    """
    url = environ.get("TEST_REDIS_URL")
    if url:
        server = redis_at(url)
        wait_until(
            "TEST_REDIS_URL",
            lambda: redis_answers(server.host, server.port, server.password),
            ANSWER_SECONDS,
            nothing_to_watch,
        )
        yield server
        return
    ways: list[Candidate[RedisServer]] = [RedisContainer(), RedisProgram()]
    with first_that_starts("Redis", ways) as server:
        yield server


@contextmanager
def first_that_starts(name: str, candidates: Sequence[Candidate[Address_co]]) -> Iterator[Address_co]:
    """The address of the first that can be started; all are closed at the end. Raises ServerProblem."""
    tried = []
    try:
        for candidate in candidates:
            try:
                candidate.start()
            except ServerProblem as problem:
                tried.append(f"{candidate.origin}: {problem}")
                continue
            yield candidate.address()
            return
    finally:
        for candidate in candidates:
            candidate.close()
    raise ServerProblem(
        f"no {name} for the tests.\n"
        + "\n".join(f"  {line}" for line in tried)
        + "\nInstall the Debian packages rabbitmq-server and redis-server (without starting the services), "
        "start Docker, or set TEST_RABBITMQ_URL and TEST_REDIS_URL (see tests/support/servers/servers.py)."
    )


def rabbitmq_at(url: str, management_port: int) -> RabbitServer:
    """The server of an amqp:// URL, which is not ours to stop. Raises ServerProblem if it is no such URL."""
    parts = urlsplit(url)
    if parts.scheme != "amqp" or not parts.hostname:
        raise ServerProblem("TEST_RABBITMQ_URL must look like amqp://user:password@host:port/vhost")
    return RabbitServer(
        host=parts.hostname,
        port=parts.port or 5672,
        management_port=management_port,
        user=unquote(parts.username or "guest"),
        password=unquote(parts.password or "guest"),
        vhost=unquote(parts.path[1:]) or "/",
        control=UnmanagedServer("TEST_RABBITMQ_URL"),
        origin="TEST_RABBITMQ_URL",
    )


def redis_at(url: str) -> RedisServer:
    """The server of a redis:// URL, which is not ours to stop. Raises ServerProblem if it is no such URL."""
    parts = urlsplit(url)
    if parts.scheme != "redis" or not parts.hostname:
        raise ServerProblem("TEST_REDIS_URL must look like redis://:password@host:port/db")
    return RedisServer(
        host=parts.hostname,
        port=parts.port or 6379,
        password=unquote(parts.password) if parts.password else None,
        db=int(parts.path[1:] or 0),
        control=UnmanagedServer("TEST_REDIS_URL"),
        origin="TEST_REDIS_URL",
    )
