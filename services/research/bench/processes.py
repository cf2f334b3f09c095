"""Services as processes of their own, waited for until they say that they are ready."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator
from contextlib import contextmanager

from services.common.errors import TryLater
from services.common.settings import Settings
from services.research.bench.lab import Lab, environment_of
from services.research.servers.control import LOOPBACK, free_ports
from services.research.servers.programs import Program

START_SECONDS = 120.0
LOOK_SECONDS = 0.01


@contextmanager
def started_service(lab: Lab, module: str, settings: Settings) -> Iterator[float]:
    """A service from its start to the end of the context; gives the seconds from its start to being ready.

    Raises:
        TryLater: it ended, or was not ready in time; says what it said.
    """
    (port,) = free_ports(1)
    environ = environment_of(settings.changed(health_port=port))
    begin = time.perf_counter()
    with lab.python(f"{module}-{port}", "-m", module, environ=environ) as program:
        _wait_until_ready(module, program, port, begin + START_SECONDS)
        yield time.perf_counter() - begin


def _wait_until_ready(name: str, program: Program, port: int, deadline: float) -> None:
    while not _is_ready(port):
        if problem := program.problem():
            raise TryLater(f"{name}: {problem}")
        if time.perf_counter() > deadline:
            raise TryLater(f"{name} was not ready within {START_SECONDS:.0f} s; see {program.output}")
        time.sleep(LOOK_SECONDS)


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=5)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()
