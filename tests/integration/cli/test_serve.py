"""The command `serve` as its users run it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import HTTPCookieProcessor, ProxyHandler, build_opener

import pytest

from services.common.runtime.ports import free_port, listen_on
from services.common.settings.settings import PROJECT_ROOT

pytestmark = pytest.mark.integration


@contextmanager
def serve(folder: Path, port: int, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The command, which a failing test does not wait for."""
    environ = {**os.environ, "CRYPTOBOY_ENV_FILE": "", "STATE_DIR": str(folder), "API_PORT": str(port)}
    command = [sys.executable, "-m", "services.cli", "serve", "--json", "--broker", "embedded", *arguments]
    with subprocess.Popen(
        command, cwd=PROJECT_ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_it_serves_until_it_is_stopped_and_a_second_call_prints_another_link(tmp_path: Path) -> None:
    port = free_port()
    with serve(tmp_path, port) as first:
        assert first.stdout is not None
        link = json.loads(first.stdout.readline())["page"]
        assert link.startswith(f"http://127.0.0.1:{port}/enter/")
        browser = build_opener(ProxyHandler({}), HTTPCookieProcessor(CookieJar()))
        with browser.open(link, timeout=30) as answer:
            assert "HttpOnly" in answer.headers["Set-Cookie"]
        with browser.open(link, timeout=30) as again:
            assert again.status == 200
            assert "Set-Cookie" not in again.headers
        with pytest.raises(HTTPError, match="403"):
            build_opener(ProxyHandler({})).open(link, timeout=30)
        with serve(tmp_path, port) as second:
            out, said = second.communicate(timeout=60)
        assert second.returncode == 0
        assert "the page is served already" in said
        another = json.loads(out)["page"]
        assert another != link
        with browser.open(another, timeout=30) as answer:
            assert answer.status == 200
        first.send_signal(signal.SIGTERM)
        _, said = first.communicate(timeout=60)
    assert first.returncode == 0, said
    token = link.rpartition("/")[2]
    assert not any(
        token in path.read_text(errors="replace") for path in tmp_path.rglob("*") if path.is_file()
    )


def test_a_port_of_another_program_is_told_with_the_variable_that_moves_ours(tmp_path: Path) -> None:
    with listen_on(0) as other:
        port = other.getsockname()[1]
        with serve(tmp_path, port) as refused:
            _, said = refused.communicate(timeout=60)
    assert refused.returncode != 0
    assert f"port {port} is in use by another program" in said
    assert "API_PORT" in said
