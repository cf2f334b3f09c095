"""A receiver of webhooks on loopback that keeps what it was sent, and fails as a test says."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.support.waiting import PATIENCE_SECONDS


class Broken(Enum):
    """Ways to give no answer."""

    BEFORE_ANSWER = "the message is kept, and the connection is lost before the answer"


Plan = int | Broken


@dataclass
class Receiver:
    """What was sent: `titles` of accepted messages, in their order, and `asked` and `keys` of all requests."""

    port: int = 0
    plans: list[Plan] = field(default_factory=list)
    always: Plan = 200
    bodies: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    asked: int = 0
    changed: threading.Condition = field(default_factory=threading.Condition)
    hold: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """The address as Apprise writes it."""
        return f"json://127.0.0.1:{self.port}/hook"

    @property
    def titles(self) -> list[str]:
        """The titles of what was accepted."""
        return [str(body["title"]) for body in self.bodies]

    def wait(self, number: int) -> list[str]:
        """Wait until so many messages were accepted, and return their titles."""
        with self.changed:
            if not self.changed.wait_for(lambda: len(self.bodies) >= number, PATIENCE_SECONDS):
                raise AssertionError(f"{len(self.bodies)} of {number} messages came: {self.titles}")
            return self.titles

    def wait_asked(self, number: int) -> None:
        """Wait until so many requests have come, accepted or not."""
        with self.changed:
            if not self.changed.wait_for(lambda: self.asked >= number, PATIENCE_SECONDS):
                raise AssertionError(f"{self.asked} of {number} requests came")


@contextmanager
def receiver(port: int = 0) -> Iterator[Receiver]:
    """Yield a receiver that listens until the end of the block."""
    kept = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the name that the base calls
            sent = self.rfile.read(int(self.headers["Content-Length"]))
            body = json.loads(sent) if sent.startswith(b"{") else {"title": sent.decode()}
            with kept.changed:
                plan = kept.plans.pop(0) if kept.plans else kept.always
                kept.asked += 1
                kept.keys.append(self.headers["Idempotency-Key"])
                if plan in {200, Broken.BEFORE_ANSWER}:
                    kept.bodies.append({**body, "at": time.time()})
                kept.changed.notify_all()
            if kept.hold.is_set():
                while kept.hold.is_set():
                    time.sleep(0.01)
            if isinstance(plan, Broken):
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.send_response(plan)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's signature
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    kept.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield kept
    finally:
        kept.hold.clear()
        server.shutdown()
        server.server_close()
        thread.join()
