"""The audit tells what it found from that it could not be run."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from services.common.settings import PROJECT_ROOT
from tests.nobody import refusing_port

FOUND = {
    "vulns": [
        {
            "id": "PYSEC-2099-1",
            "summary": "It opens the door.",
            "affected": [{"package": {"name": "anything", "ecosystem": "PyPI"}}],
        }
    ]
}


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "requirements.lock"
    path.write_text(f"anything==1.0 \\\n    --hash=sha256:{'0' * 64}\n")
    return path


@contextmanager
def osv(status: int, vulnerable: dict[str, Any]) -> Iterator[str]:
    """The address of a service that knows this of one package, and nothing of all others."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            body = json.dumps(vulnerable if asked["package"]["name"] == "anything" else {}).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's signature
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
        server.shutdown()


def run(lock: Path, url: str) -> subprocess.CompletedProcess[str]:
    script = PROJECT_ROOT / "scripts" / "audit.py"
    command = [sys.executable, str(script), "--lock", str(lock), "--osv-url", url]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)


def test_a_service_that_does_not_answer_is_told_and_no_failure(lock: Path) -> None:
    with refusing_port() as port:
        done = run(lock, f"http://127.0.0.1:{port}/v1/query")
    assert done.returncode == 0
    assert "audit NOT RUN" in done.stdout
    assert "refused" in done.stdout


def test_a_service_that_is_out_of_order_is_told_and_no_failure(lock: Path) -> None:
    with osv(503, {}) as url:
        done = run(lock, url)
    assert done.returncode == 0
    assert "audit NOT RUN" in done.stdout


def test_a_known_vulnerability_fails(lock: Path) -> None:
    with osv(200, FOUND) as url:
        done = run(lock, url)
    assert done.returncode == 1
    assert "PYSEC-2099-1" in done.stdout
    assert "NOT RUN" not in done.stdout


def test_nothing_known_is_success(lock: Path) -> None:
    with osv(200, {}) as url:
        done = run(lock, url)
    assert done.returncode == 0, done.stderr
    assert "no known vulnerability" in done.stdout


def test_a_lock_without_hashes_fails(lock: Path) -> None:
    lock.write_text("anything\n")
    with osv(200, {}) as url:
        done = run(lock, url)
    assert done.returncode == 1
    assert "FAILED" in done.stdout
