"""The service: serves the application until it is stopped."""

from __future__ import annotations

import os
import socket
import sys
import threading

import structlog
import uvicorn

from services.api.app import build_app
from services.api.stream.protocol import EndingProtocol
from services.common.clock import Clock
from services.common.errors import StopProgram
from services.common.runtime.health import HealthReport
from services.common.runtime.ports import handed_over, listen_on
from services.common.runtime.work import CallsInProgress
from services.common.settings.settings import Settings

log = structlog.get_logger(__name__)

MOST_CONNECTIONS = 600
MOST_MESSAGE_BYTES = 16 * 1024
STOP_SECONDS = 5


class ApiService:
    """Serves the API on API_HOST and API_PORT, or on the port that HEALTH_PORT names. See `Service` of the runner."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._app = build_app(settings, clock)
        self._listener: socket.socket | None = None
        self.work = CallsInProgress()

    def start(self) -> None:
        """Listen. Raises StopProgram if the address cannot be used."""
        self._listener, _ = handed_over(sys.argv[1:])
        if self._listener is None:
            self._listener = self._listen()
        host, port = self._listener.getsockname()[:2]
        log.info("service_starting", health=f"http://{host}:{port}/health", pid=os.getpid())

    def _listen(self) -> socket.socket:
        host, port = self._settings.api_host, self._settings.api_port
        if self._settings.health_port is not None:
            port = self._settings.health_port
        try:
            return listen_on(port, host)
        except (OSError, OverflowError) as error:
            raise StopProgram(
                f"the API cannot listen on {host}:{port} ({error}). Set API_PORT (and API_HOST) to an address that is "
                "free; 0 takes any free port."
            ) from error

    def run(self, stop: threading.Event) -> None:
        """Serve until `stop` is set; requests in progress have five seconds to end."""
        assert self._listener is not None  # noqa: S101 - the runner calls start first # nosec B101
        server = uvicorn.Server(self._config())

        def end() -> None:
            stop.wait()
            server.should_exit = True

        threading.Thread(target=end, name="api-end", daemon=True).start()
        follow = self._app.state.sources.follow_store
        threading.Thread(target=follow, args=(stop,), name="api-store", daemon=True).start()
        server.run(sockets=[self._listener])

    def health(self) -> HealthReport:
        """The state of what the API depends on."""
        report: HealthReport = self._app.state.sources.dependencies()
        return report

    def close(self) -> None:
        """Stop listening."""
        if self._listener is not None:
            self._listener.close()

    def _config(self) -> uvicorn.Config:
        return uvicorn.Config(
            self._app,
            log_config=None,
            log_level="warning",
            access_log=False,  # paths may have the token of a one-time link
            proxy_headers=False,  # whoever forwards needs a key
            server_header=False,
            date_header=True,
            ws=EndingProtocol,
            ws_max_size=MOST_MESSAGE_BYTES,
            ws_per_message_deflate=False,
            limit_concurrency=MOST_CONNECTIONS,
            timeout_graceful_shutdown=STOP_SECONDS,
        )
