"""An HTTP server on loopback that answers like Ollama, or like OpenAI, or as badly as a test wants it to."""

from __future__ import annotations

import json
import ssl
import threading
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.support.servers.running import RunningServer

MODEL = "test-model"
DIGEST = "sha256:0123"


@dataclass(frozen=True)
class Reply:
    """An answer: its body as it goes over the wire, after holding it back until the server closes if it hangs."""

    status: int = 200
    body: bytes = b"{}"
    hangs: bool = False
    headers: tuple[tuple[str, str], ...] = ()


Answer = Callable[[dict[str, Any]], Reply]
"""What a server makes of the JSON body of a request."""


def chat_reply(content: str, done_reason: str = "stop") -> Reply:
    """What Ollama sends for a chat that is finished, or cut at its bound (`length`)."""
    message = {"role": "assistant", "content": content}
    body = {"model": MODEL, "message": message, "done": True, "done_reason": done_reason}
    return Reply(body=json.dumps(body).encode())


def error_reply(status: int, error: str) -> Reply:
    """What Ollama sends when it refuses."""
    return Reply(status, json.dumps({"error": error}).encode())


def completion_reply(content: str, finish_reason: str = "stop") -> Reply:
    """What a server that speaks OpenAI's protocol sends for a completion of a chat."""
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": content},
        "finish_reason": finish_reason,
    }
    usage = {"prompt_tokens": 300, "completion_tokens": 30, "total_tokens": 330}
    body = {"id": "c", "object": "chat.completion", "created": 1, "model": MODEL, "choices": [choice]}
    return Reply(body=json.dumps(body | {"usage": usage, "system_fingerprint": "fp_1"}).encode())


def good_answer(score: int = 6) -> str:
    """What a model says of good news about Bitcoin; `score` in tenths."""
    return json.dumps(
        {"BTC": {"reason": "It rises.", "event_type": "other", "score": score, "confidence": 9}}
    )


class ScriptedOllama(RunningServer):
    """Gives the scripted replies of a path in turn; the usual good one when none are left.

    Attributes:
        requests: path and JSON body of each request, in order.
    """

    def __init__(self, tls: ssl.SSLContext | None = None, port: int = 0) -> None:
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self._script: dict[str, deque[Reply]] = defaultdict(deque)
        self._usual: dict[str, Reply | Answer] = {
            "/api/show": Reply(body=b'{"details": {}, "model_info": {}}'),
            "/api/chat": chat_reply("ok"),
            "/v1/models": Reply(body=json.dumps({"object": "list", "data": [{"id": MODEL}]}).encode()),
            "/v1/chat/completions": completion_reply("ok"),
            "/api/tags": Reply(body=json.dumps({"models": [{"model": MODEL, "digest": DIGEST}]}).encode()),
        }
        self._closing = threading.Event()
        server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        server.daemon_threads = True
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        super().__init__(server)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"

    def script(self, path: str, *replies: Reply) -> None:
        """Add replies to a path."""
        self._script[path].extend(replies)

    def usually(self, path: str, reply: Reply | Answer) -> None:
        """Give this reply on a path from now on, or what this makes of the request."""
        self._usual[path] = reply

    def completions(self) -> list[dict[str, Any]]:
        """The bodies of the requests for completions."""
        return [body for path, body in self.requests if path == "/v1/chat/completions"]

    def chats(self) -> list[dict[str, Any]]:
        """The bodies of the requests to chat."""
        return [body for path, body in self.requests if path == "/api/chat"]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        scripted = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._reply({})

            def do_POST(self) -> None:
                self._reply(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

            def _reply(self, body: dict[str, Any]) -> None:
                scripted.requests.append((self.path, body))
                script = scripted._script[self.path]
                reply = script.popleft() if script else scripted._usual[self.path]
                reply = reply(body) if callable(reply) else reply
                if reply.hangs:
                    scripted._closing.wait()
                    return
                self.send_response(reply.status)
                self.send_header("Content-Type", "application/json")
                for name, value in reply.headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's signature
                """Quiet."""

        return Handler

    def close(self) -> None:
        """See the base; a request that hangs is let go."""
        self._closing.set()
        super().close()
