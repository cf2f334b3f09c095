from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from services.common.runtime.health import DependencyHealth, HealthReport, HealthServer

BROKER_AWAY = {"broker": DependencyHealth(ok=False, detail="cannot be reached")}


@pytest.fixture
def server() -> Iterator[HealthServer]:
    def report() -> HealthReport:
        return BROKER_AWAY

    started = HealthServer("example", "127.0.0.1", 0, report)
    yield started
    started.close()


def get(server: HealthServer, path: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}{path}", timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_a_service_that_waits_for_its_broker_is_alive_but_not_healthy(server: HealthServer) -> None:
    server.ready.set()
    assert get(server, "/health")[0] == 503
    status, body = get(server, "/live")
    assert status == 200
    assert json.loads(body) == {"status": "alive", "service": "example"}


def test_a_service_is_alive_while_it_starts(server: HealthServer) -> None:
    assert json.loads(get(server, "/health")[1])["status"] == "starting"
    assert get(server, "/live")[0] == 200


def test_an_unknown_path_is_answered_with_those_that_there_are(server: HealthServer) -> None:
    assert get(server, "/alive") == (404, b"there are /health, /live and /metrics\n")
