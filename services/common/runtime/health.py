"""`/health`, `/live` and `/metrics` of a service, on a separate port.

`/health` answers 200 while the service can do its work and 503 while it cannot, with the same body: status,
service, version, uptime_seconds, time, and the dependencies by name. `/live` answers 200 as long as the process
runs, even while it waits for a server, so a supervisor that asks `/live` does not restart a service for that.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPException
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import REGISTRY, CollectorRegistry, make_wsgi_app

import services
from services.common.errors import StopProgram
from services.common.network.directly import open_directly
from services.common.probe import TIMEOUT_SECONDS
from services.common.runtime.ports import listen_on

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment


@dataclass(frozen=True, slots=True)
class DependencyHealth:
    """The state of one dependency of a service.

    Attributes:
        ok: whether the dependency can be used now.
        detail: one line for the operator; never a secret.
        required: whether the service can do nothing useful without it.
    """

    ok: bool
    detail: str = ""
    required: bool = True


_ANY = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}  # noqa: S104 - replaced, not listened on # nosec B104
_MOST_BYTES = 10_000
HealthReport = Mapping[str, DependencyHealth]


def health_body(service: str, dependencies: HealthReport, uptime: float, *, ready: bool) -> dict[str, Any]:
    """Return the body of `/health`. Its status is `starting`, `down` (a required part fails), `degraded` or `ok`."""
    if not ready:
        status = "starting"
    elif any(not part.ok and part.required for part in dependencies.values()):
        status = "down"
    elif any(not part.ok for part in dependencies.values()):
        status = "degraded"
    else:
        status = "ok"
    return {
        "status": status,
        "service": service,
        "version": services.__version__,
        "uptime_seconds": round(uptime, 3),
        "time": datetime.now(UTC).isoformat(),
        "dependencies": {
            name: {"status": "ok" if part.ok else "down", "required": part.required, "detail": part.detail}
            for name, part in dependencies.items()
        },
    }


def is_served_by(service: str, host: str, port: int) -> bool:
    """Return whether a running service of that name answers on this host and port."""
    asked = f"[{host}]" if ":" in host else host
    try:
        with open_directly(f"http://{_ANY.get(asked, asked)}:{port}/live", TIMEOUT_SECONDS) as answer:
            said = json.loads(answer.read(_MOST_BYTES))
    except (OSError, HTTPException, ValueError):
        return False
    return isinstance(said, dict) and said.get("service") == service


MOST_CONNECTIONS = 64
"""The most open connections; each uses a thread and a descriptor. A further connection closes the oldest one."""


class _Server(ThreadingMixIn, WSGIServer):
    """Serves a socket that already listens. The base class would resolve the host's name, which may take long."""

    daemon_threads = True

    def __init__(self, listener: socket.socket, handler: type[WSGIRequestHandler]) -> None:
        address = listener.getsockname()
        super().__init__(address[:2], handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.server_name, self.server_port = address[:2]
        self.setup_environ()
        self._lock = threading.Lock()
        self._connected: dict[socket.socket, None] = {}

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - the base's signature
        with self._lock:
            self._connected[request] = None
            if len(self._connected) > MOST_CONNECTIONS:
                oldest = next(iter(self._connected))
                del self._connected[oldest]
                with suppress(OSError):  # the client has closed it already
                    oldest.shutdown(socket.SHUT_RDWR)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 - the base's signature
        with self._lock:
            self._connected.pop(request, None)
        super().shutdown_request(request)


class _QuietHandler(WSGIRequestHandler):
    timeout = 10  # seconds a client may take to send its request

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's signature
        """Log nothing, because the requests are probes."""


class HealthServer:
    """Serves `/health`, `/live` and `/metrics` from a thread until it is closed.

    Args:
        report: returns the state of the dependencies. It is called at each request and must not block.
        listener: a socket that already listens on the address. If None, a new socket is opened.

    Raises:
        StopProgram: the address cannot be used.
    """

    def __init__(
        self,
        service: str,
        host: str,
        port: int,
        report: Callable[[], HealthReport],
        registry: CollectorRegistry = REGISTRY,
        *,
        listener: socket.socket | None = None,
    ) -> None:
        self._service = service
        self._report = report
        self._started = time.monotonic()
        self._metrics = make_wsgi_app(registry)
        self.ready = threading.Event()
        try:
            self._server = _Server(listener or listen_on(port, host), _QuietHandler)
        except (OSError, OverflowError) as error:
            raise StopProgram(
                f"{service} cannot listen on {host}:{port} ({error}). "
                "Set HEALTH_PORT (and HEALTH_HOST) to an address that is free; 0 takes any free port."
            ) from error
        self._server.set_app(self._answer)
        self.port: int = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.2,), name="health", daemon=True).start()

    def _answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == "/metrics":
            self._report()  # sets some metrics
            answer: Iterable[bytes] = self._metrics(environ, start_response)
            return answer
        if path == "/live":
            start_response("200 OK", [("Content-Type", "application/json")])
            return [json.dumps({"status": "alive", "service": self._service}).encode()]
        if path != "/health":
            start_response("404 Not Found", [("Content-Type", "text/plain")])
            return [b"there are /health, /live and /metrics\n"]
        body = health_body(
            self._service, self._report(), time.monotonic() - self._started, ready=self.ready.is_set()
        )
        works = body["status"] in {"ok", "degraded"}
        start_response(
            "200 OK" if works else "503 Service Unavailable", [("Content-Type", "application/json")]
        )
        return [json.dumps(body).encode()]

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
