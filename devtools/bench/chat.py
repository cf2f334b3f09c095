"""A Bot API server on loopback with one chat, which records when each message of the bot arrives."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from devtools.servers.control import LOOPBACK

CHAT_ID = 7
TOKEN = "4242:a-token-of-the-bench-0123456789"  # noqa: S105 - of no bot # nosec B105
BOT = {"id": 4242, "is_bot": True, "first_name": "Bench", "username": "BenchBot"}
_SOMEBODY = {"id": CHAT_ID, "is_bot": False, "first_name": "Bench"}
_PLACE = {"id": CHAT_ID, "type": "private"}


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message of the bot: when it arrived, in seconds of `time.perf_counter`, and the data of its buttons."""

    at: float
    buttons: dict[str, str]


class Chat:
    """The chat. The methods may be called from any thread.

    Attributes:
        url: the address of the server, for NOTIFY_TELEGRAM_API.
    """

    def __init__(self) -> None:
        self.url = ""
        self._arrived: list[Arrived] = []
        self._updates: list[dict[str, Any]] = []
        self._number = 0
        self._changed = threading.Condition()

    @property
    def count(self) -> int:
        """The number of messages that have arrived."""
        return len(self._arrived)

    def wait_for(self, count: int, timeout: float) -> Arrived | None:
        """Wait until `count` messages have arrived, and return the last of them; None if they do not in time."""
        with self._changed:
            has_come = self._changed.wait_for(lambda: self.count >= count, timeout)
            return self._arrived[count - 1] if has_come else None

    def press(self, data: str) -> None:
        """Press the button with this data."""
        message = {"message_id": 1, "date": 1, "chat": _PLACE}
        query = {"id": "1", "from": _SOMEBODY, "chat_instance": "1", "message": message, "data": data}
        with self._changed:
            self._number += 1
            self._updates.append({"update_id": self._number, "callback_query": query})
            self._changed.notify_all()

    def answer(self, method: str, given: dict[str, str]) -> object:
        """The result of a method of the Bot API."""
        if method == "sendMessage":
            return self._take(given)
        if method == "getUpdates":
            return self._updates_from(int(given.get("offset", 0)), float(given.get("timeout", 0)))
        return BOT if method == "getMe" else True

    def _take(self, given: dict[str, str]) -> dict[str, Any]:
        at = time.perf_counter()
        rows = json.loads(given.get("reply_markup") or "{}").get("inline_keyboard", [])
        buttons = {button["text"]: button["callback_data"] for row in rows for button in row}
        with self._changed:
            self._arrived.append(Arrived(at, buttons))
            self._changed.notify_all()
        return {"message_id": self.count, "date": int(time.time()), "chat": _PLACE, "text": "taken"}

    def _updates_from(self, offset: int, seconds: float) -> list[dict[str, Any]]:
        with self._changed:
            self._updates = [each for each in self._updates if each["update_id"] >= offset]
            self._changed.wait_for(lambda: self._updates, seconds)
            return list(self._updates)


@contextmanager
def chat() -> Iterator[Chat]:
    """Run the server until the context ends."""
    running = Chat()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            given = {name: values[-1] for name, values in parse_qs(body).items()}
            result = running.answer(self.path.rpartition("/")[2], given)
            text = json.dumps({"ok": True, "result": result}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's signature
            """The bench prints its own lines."""

    server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
    server.daemon_threads = True
    running.url = f"http://{LOOPBACK}:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
