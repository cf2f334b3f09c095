"""A model server, or whoever took its port, answers without end, or with what unpacks to gigabytes.

The memory of the machine is Freqtrade's too: no more than a bounded part of such an answer may be read.
"""

from __future__ import annotations

import gzip
import json
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from services.common.errors import CryptoBoyError
from services.sentiment_analyzer.scorers.model.answer_bounds import MOST_BYTES
from services.sentiment_analyzer.scorers.model.chat import ChatServer
from services.sentiment_analyzer.scorers.model.ollama import OllamaServer
from services.sentiment_analyzer.scorers.model.openai import OpenAiServer

BOMB = gzip.compress(b" " * 150_000_000, 6)
LAYERS = gzip.compress(gzip.compress(b" " * 100_000_000))
ANSWERS: dict[str, tuple[str, bytes]] = {
    "endless": ("", b""),
    "a bomb": ("gzip", BOMB),
    "a bomb in a bomb": ("gzip, gzip", LAYERS),
    "another bomb": ("deflate", zlib.compress(b" " * 150_000_000, 6)),
    "packed for nobody": ("br", b"\x00" * 100),
}


@contextmanager
def serving(encoding: str, content: bytes) -> Iterator[tuple[str, list[int]]]:
    """A server that answers everything so, and how many bytes it got rid of each time."""
    sent: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content) or 10**12))
            if encoding:
                self.send_header("Content-Encoding", encoding)
            # Before the headers leave: a client may refuse these and be done before anything else happens here.
            sent.append(0)
            self.end_headers()
            with suppress(OSError):
                self.wfile.write(content)
                while not content and sent[-1] < 50 * MOST_BYTES:
                    sent[-1] += self.wfile.write(b" " * 65536)

        def log_message(self, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", sent
        server.shutdown()


def chats(url: str) -> list[ChatServer]:
    return [OllamaServer(url, "m", timeout=10.0), OpenAiServer(f"{url}/v1", "m", key="k", timeout=10.0)]


@pytest.mark.parametrize("kind", ANSWERS)
@pytest.mark.parametrize("which", [0, 1], ids=["ollama", "openai"])
def test_no_more_than_a_bounded_part_is_read(kind: str, which: int) -> None:
    with serving(*ANSWERS[kind]) as (url, sent):
        server = chats(url)[which]
        with pytest.raises(CryptoBoyError, match="RemoteProtocolError"):
            server.chat([{"role": "user", "content": "x"}], schema=None, max_tokens=8)
        server.close()
    assert sent
    assert max(sent) < 4 * MOST_BYTES, "what sockets hold included"


@pytest.mark.parametrize("which", [0, 1], ids=["ollama", "openai"])
@pytest.mark.parametrize("packed", [False, True])
def test_an_honest_answer_is_read_also_packed(which: int, packed: bool) -> None:
    said = {"role": "assistant", "content": "hello"}
    choices = [{"index": 0, "message": said}]
    answer = {"model": "m", "message": said, "done": True, "object": "chat.completion", "choices": choices}
    body = json.dumps(answer).encode()
    with serving("gzip" if packed else "", gzip.compress(body) if packed else body) as (url, _):
        server = chats(url)[which]
        reply = server.chat([{"role": "user", "content": "x"}], schema=None, max_tokens=8)
        server.close()
    assert reply.text == "hello"
