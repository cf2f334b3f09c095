"""Services as processes of their own, waited for until they say that they are ready."""

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
    """A service from its start to the end of the context; gives the seconds from its start to being ready.

    Args:
        lab: where.
        module: the service's entry point.
        settings: the service's.
        port: of its /health and /metrics; None: any free one.
        arguments: of the program.

    Raises:
        TryLater: it ended, or was not ready in time; says what it said.
    """
    port = port or free_ports(1)[0]
    environ = environment_of(settings.changed(health_port=port))
    begin = time.perf_counter()
    with lab.python(f"{module}-{port}", "-m", module, *arguments, environ=environ) as program:
        wait_until_ready(module, program, port)
        yield time.perf_counter() - begin


def wait_until_ready(name: str, program: Program, port: int, path: str = "/health") -> None:
    """Return when that path of a program on loopback answers 200.

    Raises:
        TryLater: it ended, or was not ready in time; says what it said.
    """
    deadline = time.perf_counter() + START_SECONDS
    while not _is_ready(port, path):
        if problem := program.problem():
            raise TryLater(f"{name}: {problem}")
        if time.perf_counter() > deadline:
            raise TryLater(f"{name} was not ready within {START_SECONDS:.0f} s; see {program.output}")
        time.sleep(LOOK_SECONDS)


def counted(port: int, metric: str) -> float:
    """The sum of all samples of a counter that the service on that port of loopback shows.

    Raises:
        TryLater: it does not answer.
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
