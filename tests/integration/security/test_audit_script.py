"""The audit tells what it found from that it could not be run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from services.common.settings.settings import PROJECT_ROOT
from tests.support.servers.nobody import refusing_port

NOT_RUN = 3
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


def run(lock: Path, url: str, **variables: str) -> subprocess.CompletedProcess[str]:
    script = PROJECT_ROOT / "scripts" / "audit.py"
    command = [sys.executable, str(script), "--lock", str(lock), "--osv-url", url]
    return subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=60, env={**os.environ, **variables}
    )


def test_a_service_that_does_not_answer_has_a_status_of_its_own(lock: Path) -> None:
    with refusing_port() as port:
        done = run(lock, f"http://127.0.0.1:{port}/v1/query")
    assert done.returncode == NOT_RUN
    assert "audit NOT RUN" in done.stdout
    assert "refused" in done.stdout


def test_a_service_that_is_out_of_order_has_that_status_too(lock: Path) -> None:
    with osv(503, {}) as url:
        done = run(lock, url)
    assert done.returncode == NOT_RUN
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


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_this_machine_is_never_asked_through_a_proxy(lock: Path, name: str) -> None:
    with refusing_port() as port, osv(200, FOUND) as url:
        proxy = f"http://127.0.0.1:{port}"
        here = url.replace("127.0.0.1", name)
        done = run(lock, here, http_proxy=proxy, HTTP_PROXY=proxy, ALL_PROXY=proxy, no_proxy="", NO_PROXY="")
    assert done.returncode == 1, done.stdout
    assert "PYSEC-2099-1" in done.stdout


@pytest.fixture
def ci(tmp_path: Path) -> Path:
    """A checkout whose CI runs with tools that find nothing, and an audit that cannot be run."""
    tools = tmp_path / ".venv" / "bin"
    for folder in (tmp_path / ".ci", tools, tmp_path / "deploy" / "redis"):
        folder.mkdir(parents=True)
    shutil.copy(PROJECT_ROOT / ".ci" / "run", tmp_path / ".ci")
    (tmp_path / "docker-compose.more.yml").touch()
    (tmp_path / "docker-compose.yml").touch()
    names = ("ruff", "mypy", "lint-imports", "bandit", "check-jsonschema", "hadolint", "shellcheck")
    for tool in (*(tools / name for name in names), tmp_path / "cryptoboy"):
        _script(tool, "exit 0")
    _python(tmp_path, "echo 'audit NOT RUN: nobody answers'; exit 3")
    return tmp_path


def _python(checkout: Path, audit: str) -> None:
    images = "echo 'redis  NOT PINNED'; echo '6 of 8 images are pinned'; exit 1"
    _script(
        checkout / ".venv" / "bin" / "python", f'case "$1" in *pin_images.py) {images} ;; *) {audit} ;; esac'
    )


def _script(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def run_ci(checkout: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CI_", "CRYPTOBOY_"))}
    return subprocess.run(
        [str(checkout / ".ci" / "run")],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        env={**kept, **variables},
    )


def test_ci_goes_on_without_the_audit_and_says_so_last(ci: Path) -> None:
    done = run_ci(ci)
    assert done.returncode == 0, done.stderr
    assert "== faults" in done.stdout
    assert done.stdout.rstrip().splitlines()[-1] == "audit NOT RUN: nobody answers"


def test_ci_says_so_last_where_something_else_fails(ci: Path) -> None:
    _script(ci / "cryptoboy", 'case "$*" in *only-install*) exit 0 ;; esac; exit 4')
    done = run_ci(ci)
    assert done.returncode == 4
    assert done.stdout.rstrip().splitlines()[-1] == "audit NOT RUN: nobody answers"


def test_ci_fails_without_the_audit_where_it_must_be_run(ci: Path) -> None:
    done = run_ci(ci, AUDIT_REQUIRED="1")
    assert done.returncode == NOT_RUN
    assert "== tests" not in done.stdout


def test_ci_fails_on_a_known_vulnerability(ci: Path) -> None:
    _python(ci, "echo 'found'; exit 1")
    done = run_ci(ci)
    assert done.returncode == 1
    assert "found" in done.stdout
    assert "NOT RUN" not in done.stdout


def test_ci_says_which_images_are_pinned_and_that_some_are_not(ci: Path) -> None:
    done = run_ci(ci)
    assert "redis  NOT PINNED" in done.stdout
    assert done.stdout.rstrip().splitlines()[-2] == "6 of 8 images are pinned: scripts/pin_images.py"
