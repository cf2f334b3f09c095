"""RabbitMQ and Redis as containers, through testcontainers, with their ports on loopback."""

from __future__ import annotations

import secrets
from typing import Any

from tests.support.deploy.images import image_named
from tests.support.servers.server_control import (
    LOOPBACK,
    RabbitServer,
    RedisServer,
    ServerProblem,
    free_ports,
    nothing_to_watch,
    rabbitmq_answers,
    redis_answers,
    wait_until,
)

RABBITMQ_IMAGE = image_named("rabbitmq")
REDIS_IMAGE = image_named("redis")
ENGINE_SECONDS = 2
START_SECONDS = 120.0


def _check_engine() -> None:
    """Raises ServerProblem unless a Docker engine answers quickly."""
    import docker  # type: ignore[import-untyped, unused-ignore]  # it publishes no types
    from docker.errors import DockerException  # type: ignore[import-untyped, unused-ignore]  # as above

    try:
        client = docker.from_env(timeout=ENGINE_SECONDS)
        try:
            client.ping()
        finally:
            client.close()
    except DockerException as error:
        raise ServerProblem(f"no Docker engine answers ({type(error).__name__})") from error


class _Container:
    """One container with fixed ports on loopback, so that it comes back where it was."""

    def __init__(self, image: str, ports: dict[int, int], environment: dict[str, str]) -> None:
        self._image = image
        self._ports = ports
        self._environment = environment
        self._container: Any = None

    def start(self) -> None:
        if self._container is not None:
            self._container.get_wrapped_container().start()
            return
        _check_engine()
        from testcontainers.core.container import DockerContainer

        container = DockerContainer(self._image)
        for inside, outside in self._ports.items():
            container.ports[f"{inside}/tcp"] = (LOOPBACK, outside)  # type: ignore[assignment, unused-ignore]  # docker takes an address too
        for name, value in self._environment.items():
            container.with_env(name, value)
        try:
            container.start()
        except Exception as error:  # the engine's, the registry's and the network's errors share no base
            raise ServerProblem(f"Docker cannot run {self._image}: {error}") from error
        self._container = container

    def stop(self) -> None:
        if self._container is not None:
            self._container.get_wrapped_container().stop()

    def close(self) -> None:
        if self._container is not None:
            self._container.stop()


class RabbitContainer(_Container):
    """RabbitMQ with the management and Prometheus plugins."""

    origin = f"Docker, {RABBITMQ_IMAGE}"

    def __init__(self) -> None:
        self._port, self._management, self._prometheus = free_ports(3)
        self._password = secrets.token_urlsafe(12)
        super().__init__(
            RABBITMQ_IMAGE,
            {5672: self._port, 15672: self._management, 15692: self._prometheus},
            {"RABBITMQ_DEFAULT_USER": "cryptoboy", "RABBITMQ_DEFAULT_PASS": self._password},
        )

    def address(self) -> RabbitServer:
        """Where it listens, and as whom to log in."""
        return RabbitServer(
            LOOPBACK,
            self._port,
            self._management,
            "cryptoboy",
            self._password,
            "/",
            self,
            self.origin,
            self._prometheus,
        )

    def start(self) -> None:
        """Start it, pulling the image when it is not there."""
        super().start()
        wait_until(
            RABBITMQ_IMAGE,
            lambda: rabbitmq_answers(LOOPBACK, self._port, self._management, "cryptoboy", self._password),
            START_SECONDS,
            nothing_to_watch,
        )

    def ctl(self, *arguments: str) -> str:
        """What `rabbitmqctl` with these arguments prints."""
        status, output = self._container.get_wrapped_container().exec_run(
            ["rabbitmqctl", "--quiet", *arguments]
        )
        text = str(output.decode(errors="replace"))
        if status:
            raise ServerProblem(f"rabbitmqctl {' '.join(arguments)}: {text}")
        return text


class RedisContainer(_Container):
    """Redis in memory only."""

    origin = f"Docker, {REDIS_IMAGE}"

    def __init__(self) -> None:
        (self._port,) = free_ports(1)
        super().__init__(REDIS_IMAGE, {6379: self._port}, {})

    def address(self) -> RedisServer:
        """Where it listens."""
        return RedisServer(LOOPBACK, self._port, None, 0, self, self.origin)

    def start(self) -> None:
        """Start it, pulling the image when it is not there."""
        super().start()
        wait_until(
            REDIS_IMAGE,
            lambda: redis_answers(LOOPBACK, self._port, None),
            START_SECONDS,
            nothing_to_watch,
        )
