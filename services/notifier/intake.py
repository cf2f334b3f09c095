"""Takes in the alerts that Alertmanager sends, so that one phone gets both what it says and what the notifier says.

POST /alerts with `Authorization: Bearer NOTIFY_WEBHOOK_TOKEN`. The answer is 200 once the notices stand in the history;
Alertmanager sends again what was answered with 5xx, and what comes again is not told again.
"""

from __future__ import annotations

import hmac
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import structlog

from services.common.clock import Clock
from services.common.errors import StopProgram, TryLater
from services.common.runtime.health import DependencyHealth
from services.common.runtime.ports import listen_on
from services.common.settings.secrets import reveal
from services.common.settings.settings import Settings
from services.notifier.happenings.alerts import alert_happenings
from services.notifier.watching.alertmanager import Alertmanager
from services.notifier.watching.found import Found

PATH = "/alerts"
MOST_BYTES = 2 * 1024 * 1024
MOST_AT_ONCE = 8
CLIENT_SECONDS = 10

log = structlog.get_logger(__name__)


class Intake:
    """An HTTP server for Alertmanager, in threads of its own.

    Args:
        tell: writes what was found; raises as the history does.
        alertmanager: notes that it has called.

    Raises:
        StopProgram: the port cannot be used, or there is no token.
    """

    def __init__(
        self, settings: Settings, clock: Clock, tell: Callable[[Found], None], alertmanager: Alertmanager
    ) -> None:
        token = reveal(settings.notify_webhook_token)
        if not token:
            raise StopProgram(
                "NOTIFY_WEBHOOK_PORT is set, and NOTIFY_WEBHOOK_TOKEN is not: anybody could send alerts"
            )
        self._token, self._clock, self._tell = f"Bearer {token}".encode(), clock, tell
        self._alertmanager = alertmanager
        host, port = settings.health_host, settings.notify_webhook_port
        try:
            listener = listen_on(port, host)
        except (OSError, OverflowError) as error:
            raise StopProgram(f"alerts cannot be taken in on {host}:{port}: {error}") from error
        self._server = _Server(listener.getsockname()[:2], _handler(self), bind_and_activate=False)
        self._server.socket.close()
        self._server.socket = listener
        self.port: int = listener.getsockname()[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.2,), name="intake", daemon=True
        )

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def health(self) -> DependencyHealth:
        """Whether the server runs."""
        is_alive = self._thread.is_alive()
        return DependencyHealth(ok=is_alive, detail=f"port {self.port}", required=False)

    def close(self) -> None:
        """Stop listening."""
        if self._thread.is_alive():
            self._server.shutdown()
        self._server.server_close()

    def allows(self, authorization: str) -> bool:
        """Whether this header has the token; takes as long whatever it has."""
        return hmac.compare_digest(authorization.encode("latin-1", "replace"), self._token)

    def take(self, body: bytes) -> tuple[int, str]:
        """Tell the alerts of one call, and return the status and text of the answer."""
        now = self._clock.now()
        try:
            found = alert_happenings(json.loads(body), now)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            log.warning("alerts_not_understood", error=type(error).__name__)
            return 400, "this is no message of Alertmanager, version 4"
        try:
            self._tell(Found(happenings=found, also=self._alertmanager.call(now)))
        except (TryLater, StopProgram) as error:
            log.warning("alerts_not_taken", error=str(error))
            return 503, "try again later"
        self._alertmanager.called()
        return 200, "taken"


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - those of the base
        super().__init__(*arguments, **options)
        self._free = threading.BoundedSemaphore(MOST_AT_ONCE)

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - the base's signature
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as above
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as above
        """A client that goes away is no error of ours."""


def _handler(intake: Intake) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = CLIENT_SECONDS
        server_version, sys_version = "CryptoBoy", ""

        def do_POST(self) -> None:  # the name that the base calls
            self._answer(*self._taken())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's signature
            """Log nothing: texts of clients do not belong into the log."""

        def _taken(self) -> tuple[int, str]:
            if not intake.allows(self.headers.get("Authorization", "")):
                return 401, "Authorization: Bearer NOTIFY_WEBHOOK_TOKEN"
            if self.path != PATH:
                return 404, f"there is {PATH}"
            length = self.headers.get("Content-Length", "")
            if not length.isdecimal() or int(length) > MOST_BYTES:
                return 413, f"at most {MOST_BYTES} bytes"
            return intake.take(self.rfile.read(int(length)))

        def _answer(self, status: int, text: str) -> None:
            body = f"{text}\n".encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body)

    return Handler
