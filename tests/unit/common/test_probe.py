from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from services.common import probe
from services.common.probe import USUAL_PORTS
from services.common.services import SERVICES
from services.common.settings.settings import PROJECT_ROOT
from tests.support.servers.nobody import refusing_port


class Health(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        healthy = self.path in {"/health", "/api/v1/ping"}
        self.send_response(200 if healthy else 503)
        self.end_headers()
        self.wfile.write(b'{"problems": []}' if healthy else b'{"problems": ["redis is away"]}')

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's signature
        """Quiet."""


@pytest.fixture
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Health) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture
def closed() -> Iterator[list[int]]:
    """Two ports on which nobody listens."""
    with ExitStack() as held:
        yield [held.enter_context(refusing_port()) for _ in range(2)]


def test_what_answers_is_healthy_and_what_refuses_is_not(port: int) -> None:
    assert probe.main([str(port)]) == 0
    assert probe.main([str(port), "/api/v1/ping"]) == 0
    assert probe.main([str(port), "/elsewhere"]) == 1


def test_the_answer_is_shown_whether_healthy_or_not(port: int, capsys: pytest.CaptureFixture[str]) -> None:
    probe.main([str(port)])
    assert capsys.readouterr().out == '{"problems": []}\n'
    probe.main([str(port), "/elsewhere"])
    shown = capsys.readouterr()
    assert shown.out == '{"problems": ["redis is away"]}\n'
    assert "503" in shown.err


def test_where_nobody_listens_it_says_so(closed: list[int], capsys: pytest.CaptureFixture[str]) -> None:
    assert probe.main([str(closed[0])]) == 1
    assert f"not healthy: {closed[0]}" in capsys.readouterr().err


def test_without_a_port_it_asks_the_one_that_was_set(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEALTH_PORT", str(port))
    assert probe.main([]) == 0


def test_without_any_port_one_of_the_usual_ones_is_enough(
    port: int, closed: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HEALTH_PORT", raising=False)
    monkeypatch.setattr(probe, "USUAL_PORTS", {"a": closed[0], "b": port, "c": closed[1]})
    assert probe.main([]) == 0
    monkeypatch.setattr(probe, "USUAL_PORTS", dict(enumerate(closed)))
    assert probe.main([]) == 1


def test_each_service_has_a_usual_port() -> None:
    assert list(USUAL_PORTS) == list(SERVICES)
    assert len(set(USUAL_PORTS.values())) == len(USUAL_PORTS)


def test_it_imports_little() -> None:
    loads = f"import sys; sys.path.insert(0, {str(PROJECT_ROOT)!r}); import services.common.probe; print(*sys.modules)"
    command = [sys.executable, "-I", "-S", "-c", loads]
    loaded = set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())
    assert "http.client" in loaded
    assert not loaded & {"urllib.request", "dataclasses", "inspect", "pydantic", "services.common.services"}
