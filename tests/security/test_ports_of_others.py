"""Another user of this machine takes the ports of our programs while they start again, or holds all their connections.

He must not end a service or the system, keep Freqtrade from watching its trades, use up descriptors, or be taken for
one of ours.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from cryptoboy_sentiment import telemetry
from freqtrade.rpc.api_server import webserver
from pydantic import SecretStr

from services.common.errors import StopProgram
from services.common.runtime import health
from services.common.runtime.health import HealthServer
from services.common.runtime.ports import free_port, listen_on
from services.common.services import API, SERVICES
from services.common.settings.folders import PYTHON_PATH
from services.common.settings.settings import BrokerKind, Settings
from services.common.store.embedded.access import with_socket
from services.launch.freqtrade import bot_server as bot_api
from services.launch.probes import get_json
from services.launch.stack import Stack, free_health_ports
from services.launch.supervisor import ProcessSpec, Supervisor
from tests.support.pipeline.another_user import another_user
from tests.support.waiting import eventually

PATIENCE_SECONDS = 30.0
SLEEPS = (sys.executable, "-c", "import time; time.sleep(600)")
PROGRAMS = (*SERVICES, "freqtrade")


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stack:
    monkeypatch.setenv("PYTHONPATH", PYTHON_PATH)
    settings = Settings(
        broker=BrokerKind.EMBEDDED,
        state_dir=tmp_path,
        redis_host="127.0.0.1",
        redis_port=free_port(),
        freqtrade_api_port=free_port(),
        api_port=free_port(),
        notify_urls=SecretStr("phone=json://127.0.0.1:9/"),  # without a channel there is no notifier
    )
    return Stack(with_socket(settings), tmp_path, health_ports=free_health_ports())


def programs(stack: Stack) -> dict[str, ProcessSpec]:
    return {
        spec.name: spec
        for spec in (*stack.services(), *stack.watchers(), stack.freqtrade(throttle_seconds=5))
    }


@pytest.mark.parametrize("name", PROGRAMS)
def test_nobody_takes_the_port_of_a_program_that_starts_again(
    stack: Stack, tmp_path: Path, name: str
) -> None:
    spec = programs(stack)[name]
    own = {"freqtrade": stack.settings.freqtrade_api_port, API: stack.settings.api_port}
    ports = {**stack.health_ports, **own}
    with Supervisor(tmp_path / "logs") as supervisor:
        supervisor.start(replace(spec, argv=SLEEPS))
        os.kill(supervisor.pids()[name], signal.SIGKILL)
        eventually(lambda: name in supervisor.ended())
        for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
            for address in ("127.0.0.1", "0.0.0.0"):
                with another_user(), socket.socket() as impostor:
                    impostor.setsockopt(socket.SOL_SOCKET, option, 1)
                    with pytest.raises(OSError, match="in use"):
                        impostor.bind((address, ports[name]))


def test_a_service_that_was_killed_answers_again_where_it_did(stack: Stack, tmp_path: Path) -> None:
    spec = programs(stack)["signal_cacher"]
    url = spec.health_url.replace("/health", "/live")
    alive = {"status": "alive", "service": "signal_cacher"}
    with Supervisor(tmp_path / "logs") as supervisor:
        supervisor.start(spec)
        eventually(lambda: get_json(url) == (200, alive))
        os.kill(supervisor.pids()["signal_cacher"], signal.SIGKILL)
        eventually(supervisor.ended)
        supervisor.start(spec)
        eventually(lambda: get_json(url) == (200, alive))


def test_a_port_that_is_taken_before_the_start_is_told_with_its_program(stack: Stack, tmp_path: Path) -> None:
    port = stack.settings.freqtrade_api_port
    with another_user():
        impostor = listen_on(port)
    with (
        impostor,
        Supervisor(tmp_path / "logs") as supervisor,
        pytest.raises(StopProgram, match=rf"freqtrade needs port {port} of 127\.0\.0\.1.*in use"),
    ):
        supervisor.start(programs(stack)["freqtrade"])


async def _hello(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})


@pytest.fixture
def freqtrades_server(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Freqtrade's class of servers, as our process that runs Freqtrade has it."""
    monkeypatch.setattr(webserver, "UvicornServer", webserver.UvicornServer)

    def make(port: int, listener: socket.socket | None) -> Any:
        bot_api.keep_serving(listener)
        return webserver.UvicornServer(
            uvicorn.Config(_hello, host="127.0.0.1", port=port, lifespan="off", log_config=None)
        )

    return make


def test_freqtrade_does_not_wait_for_an_api_whose_port_another_has(
    freqtrades_server: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    """As `trade` runs it, where nobody listens for it. By itself it never looks at a trade then."""
    with another_user():
        impostor = listen_on(0)
    with impostor:
        server = freqtrades_server(impostor.getsockname()[1], None)
        start = threading.Thread(target=server.run_in_thread, daemon=True)
        start.start()
        start.join(PATIENCE_SECONDS)
        assert not start.is_alive()
        server.cleanup()
    assert "Freqtrade's API is not served" in caplog.text


def test_freqtrade_serves_again_on_the_socket_that_it_was_given(
    freqtrades_server: Callable[..., Any],
) -> None:
    """It makes a new server when its configuration is loaded again."""
    with listen_on(0) as listener:
        for _ in range(2):
            server = freqtrades_server(1, listener)
            server.run_in_thread()
            assert asked(listener.getsockname()[1]).endswith(b"hello")
            server.cleanup()


def asked(port: int) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS) as client:
        client.sendall(b"GET /live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        return b"".join(iter(lambda: client.recv(1000), b""))


@contextmanager
def held(port: int, number: int) -> Iterator[list[socket.socket]]:
    """Connections of another user, who begins a question and never ends it."""
    with ExitStack() as stack, another_user():
        clients = []
        for _ in range(number):
            client = stack.enter_context(
                socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS)
            )
            with suppress(OSError):  # closed already
                client.sendall(b"GET /live HTTP/1.1\r\n")
            clients.append(client)
        yield clients


def are_open(clients: list[socket.socket]) -> int:
    def is_open(client: socket.socket) -> bool:
        client.settimeout(0)
        try:
            return client.recv(1) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False

    return sum(map(is_open, clients))


def test_who_holds_connections_to_freqtrades_api_does_not_use_up_its_descriptors(
    freqtrades_server: Callable[..., Any],
) -> None:
    with listen_on(0) as listener:
        port = listener.getsockname()[1]
        server = freqtrades_server(port, listener)
        server.run_in_thread()
        with held(port, 3 * bot_api.MOST_CONNECTIONS) as clients:
            assert asked(port).endswith(b"hello")
            eventually(lambda: 0 < are_open(clients) <= bot_api.MOST_CONNECTIONS)
        server.cleanup()


def test_who_holds_connections_to_the_strategys_metrics_does_not_use_up_freqtrades_threads() -> None:
    port = free_port()
    telemetry.open_telemetry("127.0.0.1", port)
    before = threading.active_count()
    with held(port, 3 * telemetry.MOST_CONNECTIONS) as clients:
        assert b"cryptoboy_strategy" in asked(port)
        eventually(lambda: 0 < are_open(clients) <= telemetry.MOST_CONNECTIONS)
        eventually(lambda: threading.active_count() <= before + telemetry.MOST_CONNECTIONS)


def test_who_holds_connections_to_health_does_not_use_up_a_services_threads() -> None:
    server = HealthServer("x", "127.0.0.1", 0, dict)
    before = threading.active_count()
    with held(server.port, 3 * health.MOST_CONNECTIONS) as clients:
        assert b'"alive"' in asked(server.port)
        eventually(lambda: 0 < are_open(clients) <= health.MOST_CONNECTIONS)
        eventually(lambda: threading.active_count() <= before + health.MOST_CONNECTIONS)
    server.close()
