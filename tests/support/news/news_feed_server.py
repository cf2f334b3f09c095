"""An HTTP server on loopback that answers as each test wants, and remembers what it was asked."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

Answer = Callable[[BaseHTTPRequestHandler], None]


def reply(body: bytes = b"", status: int = 200, **headers: str) -> Answer:
    """An ordinary answer; an underscore in a header's name stands for a hyphen."""
    named = {"Content-Type": "application/rss+xml"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in named.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@dataclass
class FeedServer:
    """Answers by path. Of several answers for a path each is given once, the last one for ever."""

    answers: dict[str, list[Answer]] = field(default_factory=dict)
    requests: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def set(self, path: str, *answers: Answer) -> str:
        """Say how a path is answered; returns its address."""
        self.answers[path] = list(answers)
        return self.url + path

    def use_tls(self, context: ssl.SSLContext) -> None:
        """From now on connections are encrypted."""
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    def asked(self, path: str) -> list[Mapping[str, str]]:
        """The headers of each request for a path."""
        return [headers for asked, headers in self.requests if asked == path]

    def hang(self, handler: BaseHTTPRequestHandler) -> None:
        """An answer that never comes."""
        del handler
        self.closing.wait()

    def drip_body(self, handler: BaseHTTPRequestHandler) -> None:
        """An answer of which a byte comes now and then."""
        handler.send_response(200)
        handler.end_headers()
        self._drip(handler)

    def drip_headers(self, handler: BaseHTTPRequestHandler) -> None:
        """An answer whose first header never ends."""
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        self._drip(handler)

    def _drip(self, handler: BaseHTTPRequestHandler) -> None:
        while not self.closing.wait(0.05):
            handler.wfile.write(b"x")

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        feeds = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                feeds.requests.append((self.path, dict(self.headers.items())))
                answers = feeds.answers.get(self.path, [reply(status=404)])
                answer = answers.pop(0) if len(answers) > 1 else answers[0]
                try:
                    answer(self)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's signature
                """`requests` holds what was asked."""

        return Handler

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
