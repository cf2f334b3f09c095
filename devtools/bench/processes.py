"""Starts services as processes of their own and waits until they report that they are ready."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import httpx

from devtools.bench.lab import Lab, environment_of
from devtools.servers.control import LOOPBACK, free_ports
from devtools.servers.programs import Program
from services.common.errors import TryLater
from services.common.settings.settings import Settings

START_SECONDS = 120.0
LOOK_SECONDS = 0.01
READ_SECONDS = 5.0


@contextmanager
def started_service(
    lab: Lab, module: str, settings: Settings, port: int | None = None, arguments: Sequence[str] = ()
) -> Iterator[float]:
    """Run a service until the context ends; yields the seconds from the start of the service until it was ready.

    Args:
        lab: the lab in which the process runs.
        module: the module that starts the service.
        settings: the settings of the service.
        port: the port of its /health and /metrics; if None, any free port.
        arguments: the command-line arguments of the program.

    Raises:
        TryLater: the service ended, or was not ready in time; the message contains its output or names its file.
    """
    port = port or free_ports(1)[0]
    environ = environment_of(settings.changed(health_port=port))
    begin = time.perf_counter()
    with lab.python(f"{module}-{port}", "-m", module, *arguments, environ=environ) as program:
        wait_until_ready(module, program, port)
        yield time.perf_counter() - begin


def wait_until_ready(name: str, program: Program, port: int, path: str = "/health") -> None:
    """Return when a program on loopback answers 200 to a request for `path`.

    Raises:
        TryLater: the program ended, or was not ready in time; the message contains its output or names its file.
    """
    deadline = time.perf_counter() + START_SECONDS
    while not _is_ready(port, path):
        if problem := program.problem():
            raise TryLater(f"{name}: {problem}")
        if time.perf_counter() > deadline:
            raise TryLater(f"{name} was not ready within {START_SECONDS:.0f} s; see {program.output}")
        time.sleep(LOOK_SECONDS)


def counted(port: int, metric: str) -> float:
    """The sum of all samples of a counter in the metrics of the service on that loopback port.

    Raises:
        TryLater: the service does not answer.
    """
    try:
        address = f"http://{LOOPBACK}:{port}/metrics"
        text = httpx.get(address, timeout=READ_SECONDS, trust_env=False).raise_for_status().text
    except httpx.HTTPError as error:
        raise TryLater(f"no figures from the service on port {port} ({type(error).__name__})") from error
    return sum_of(text, metric)


def sum_of(exposition: str, metric: str) -> float:
    """The sum of all samples of a metric in Prometheus' text format."""
    lines = (line for line in exposition.splitlines() if line.startswith((f"{metric} ", f"{metric}{{")))
    return sum(float(line.rpartition(" ")[2]) for line in lines)


def _is_ready(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()
