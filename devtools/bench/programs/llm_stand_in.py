"""A server that speaks Ollama's protocol and answers after a fixed delay, in place of a real language model.

It answers a fixed number of requests at the same time, each after the same delay; further requests wait, as they do
in Ollama with OLLAMA_NUM_PARALLEL. Each answer has the format that its request asks for.

python -m devtools.bench.programs.llm_stand_in --port 11434 --at-once 8 --delay 0.2
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from devtools.servers.control import LOOPBACK

MODEL = "stand-in"
ENTRY = {
    "reason": "a made-up reason of some forty letters",
    "event_type": "other",
    "score": 5,
    "confidence": 8,
}


def answer_to(request: dict[str, Any]) -> str:
    """The answer to a request: an entry for each asset in the request's schema, or "ok" if there is no schema."""
    schema = request.get("format")
    return json.dumps(dict.fromkeys(schema["properties"], ENTRY)) if schema else "ok"


class StandIn(ThreadingHTTPServer):
    """The HTTP server of the stand-in, which listens on loopback.

    Args:
        port: the port to listen on; 0 takes any free port.
        at_once: the number of requests that are answered at the same time.
        delay: the delay of each answer in seconds.
    """

    daemon_threads = True
    request_queue_size = 512

    def __init__(self, port: int, *, at_once: int, delay: float) -> None:
        super().__init__((LOOPBACK, port), _Handler)
        self._slots = threading.Semaphore(at_once)
        self._delay = delay

    def chat(self, request: dict[str, Any]) -> dict[str, Any]:
        """Wait for the delay, then return a response such as Ollama's to this request of `/api/chat`."""
        with self._slots:
            time.sleep(self._delay)
        return {
            "model": request["model"],
            "message": {"role": "assistant", "content": answer_to(request)},
            "done": True,
            "done_reason": "stop",
            "prompt_eval_count": 900,
            "eval_count": 40,
        }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # keeps connections, as Ollama does
    disable_nagle_algorithm = True
    server: StandIn

    def do_GET(self) -> None:
        self._send({"models": [{"name": MODEL, "model": MODEL, "digest": "sha256:0"}]})

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._send(
            self.server.chat(request) if self.path == "/api/chat" else {"details": {}, "model_info": {}}
        )

    def _send(self, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's signature
        """Log nothing."""


def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument(
        "--at-once", type=int, required=True, help="requests that are answered at the same time"
    )
    parser.add_argument("--delay", type=float, required=True, help="seconds that each answer takes")
    options = parser.parse_args()
    StandIn(options.port, at_once=options.at_once, delay=options.delay).serve_forever()


if __name__ == "__main__":
    main()
