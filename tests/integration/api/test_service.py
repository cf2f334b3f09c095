"""The API as a process: it starts, says where it is, and stops when it is told to, also with clients."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from services.common.settings.settings import CURRENT_ENV_FILE
from tests.support.api.running_api import running_api
from tests.support.store.embedded_redis import by_port, embedded_redis
from tests.support.waiting import PATIENCE_SECONDS, eventually


@pytest.fixture
def process(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    own = {"STATE_DIR": str(tmp_path), "BROKER": "embedded", "REDIS_PORT": "1", "API_PORT": "0"}
    with (tmp_path / "log").open("w") as log:
        started = subprocess.Popen(
            [sys.executable, "-m", "services.api.api"],
            env={**os.environ, **own, CURRENT_ENV_FILE: ""},
            stderr=log,
            text=True,
        )
    yield started
    started.kill()
    started.wait()


def test_it_serves_until_it_is_told_to_stop(process: subprocess.Popen[str], tmp_path: Path) -> None:
    log = tmp_path / "log"
    eventually(lambda: "service_ready" in log.read_text() or process.poll() is not None, log.read_text)
    found = re.search(r"127\.0\.0\.1:\d+", log.read_text())
    assert found is not None, log.read_text()
    with urlopen(f"http://{found[0]}/health") as answer:
        assert json.load(answer)["service"] == "api"
    with connect(f"ws://{found[0]}/v1/stream?kind=trade", proxy=None) as client:
        assert json.loads(client.recv(PATIENCE_SECONDS))["kind"] == "hello"
        process.terminate()
        with pytest.raises(ConnectionClosed) as closed:
            client.recv(PATIENCE_SECONDS)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1012
    assert process.wait(PATIENCE_SECONDS) == 0
    assert "service_stopped" in log.read_text()
    assert "Traceback" not in log.read_text()


def test_the_state_of_the_store_is_known_before_anybody_asks_for_what_it_has(tmp_path: Path) -> None:
    with embedded_redis() as redis:
        settings = by_port(redis).changed(state_dir=tmp_path, api_port=0)
        with running_api(settings) as address:

            def status() -> str:
                with urlopen(f"http://{address}/health") as answer:
                    return str(json.load(answer)["status"])

            eventually(lambda: status() == "ok", status)
