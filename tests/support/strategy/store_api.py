"""An HTTP server that passes a store on as the API does, and may answer otherwise, for the source that reads it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptoboy_sentiment.wire import PATH

from services.common.settings.settings import Settings
from services.operations.other_programs.strategy_reads import StoreForStrategies


class StoreApi:
    """Answers requests on loopback.

    Attributes:
        key: the key that it wants; empty for none.
        status: what it answers instead of 200.
        body: what it answers instead of what the store has.
        wait_s: the time before each answer.
        pause_s: the time between the bytes of an answer.
        closes: whether it ends each connection after its answer without a word.
        asked: the headers of each request.
        answered: the number of answers that were begun.
    """

    def __init__(self, settings: Settings) -> None:
        self._store = StoreForStrategies(settings)
        self.key, self.status, self.body = "", 200, b""
        self.wait_s, self.pause_s, self.closes = 0.0, 0.0, False
        self.asked: list[dict[str, str]] = []
        self.answered = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.port = self._server.server_port
        self.address = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()
        self._store.close()

    def answer(self, path: str, headers: dict[str, str], request: bytes) -> tuple[int, bytes]:
        """The status and the body of an answer."""
        self.asked.append(headers)
        if self.key and headers.get("Authorization") != f"Bearer {self.key}":
            return 401, b"{}"
        if path != PATH:
            return 404, b"{}"
        return self.status, self.body or self._store.answer(request)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                request = self.rfile.read(int(self.headers["Content-Length"]))
                status, body = api.answer(self.path, dict(self.headers), request)
                time.sleep(api.wait_s)
                api.answered += 1
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                if status in range(300, 400):
                    self.send_header("Location", f"{api.address}/elsewhere")
                self.end_headers()
                if api.pause_s:
                    for number in range(len(body)):
                        self.wfile.write(body[number : number + 1])
                        time.sleep(api.pause_s)
                else:
                    self.wfile.write(body)
                self.close_connection = api.closes

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's signature
                """Do nothing."""

        return Handler


@contextmanager
def store_api(settings: Settings) -> Iterator[StoreApi]:
    """A running server, which passes on the store of the settings."""
    api = StoreApi(settings)
    try:
        yield api
    finally:
        api.close()
