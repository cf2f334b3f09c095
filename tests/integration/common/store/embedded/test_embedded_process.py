"""The embedded Redis as a process, and the real redis-cli on it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from services.common.settings.settings import Settings
from services.common.store.embedded.access import password_file, socket_file
from services.common.store.open import open_store
from tests.support.store.store_samples import NOW, make_signal

PATIENCE_SECONDS = 60.0


class Programs:
    """Starts the server on one snapshot, again and again."""

    def __init__(self, folder: Path) -> None:
        self.snapshot = folder / "redis.snapshot"
        self.port_file = folder / "port"
        self._folder = folder
        self._started: list[subprocess.Popen[str]] = []

    def start(self, port: int = 0) -> subprocess.Popen[str]:
        names = Settings.model_fields
        inherited = {name: value for name, value in os.environ.items() if name.lower() not in names}
        arguments = [
            "--port",
            str(port),
            "--snapshot",
            str(self.snapshot),
            "--port-file",
            str(self.port_file),
        ]
        process = subprocess.Popen(
            [sys.executable, "-m", "services.common.store.embedded.server", *arguments],
            env={**inherited, "CRYPTOBOY_ENV_FILE": "", "STATE_DIR": str(self._folder)},
            stderr=subprocess.PIPE,
            text=True,
        )
        self._started.append(process)
        return process

    def serving(self) -> tuple[subprocess.Popen[str], Any]:
        self.port_file.unlink(missing_ok=True)
        process = self.start()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self.port_file.exists():
            assert process.poll() is None, process.stderr
            assert time.monotonic() < deadline
            time.sleep(0.02)
        password = password_file(self._folder).read_text().strip()
        port = int(self.port_file.read_text())
        return process, redis.Redis(port=port, password=password, decode_responses=True)

    def close(self) -> None:
        for process in self._started:
            process.kill()
            process.communicate()


@pytest.fixture
def programs(tmp_path: Path) -> Iterator[Programs]:
    running = Programs(tmp_path)
    yield running
    running.close()


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """The exit status and what was said."""
    _, said = process.communicate(timeout=PATIENCE_SECONDS)
    return process.returncode, said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_0_and_the_content_is_kept(programs: Programs, number: signal.Signals) -> None:
    process, client = programs.serving()
    client.hset("sentiment:BTC/USDT", mapping={"score": "0.85"})
    client.rpush("list", *range(1000))
    process.send_signal(number)  # while the client is still connected
    status, said = ended(process)
    assert status == 0
    assert "Traceback" not in said

    _, client = programs.serving()
    assert client.hgetall("sentiment:BTC/USDT") == {"score": "0.85"}
    assert client.lrange("list", 0, -1) == [str(i) for i in range(1000)]


def test_what_is_older_than_a_snapshot_survives_a_kill(programs: Programs) -> None:
    process, client = programs.serving()
    client.set("k", "v")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not programs.snapshot.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.kill()
    process.wait()
    _, client = programs.serving()
    assert client.get("k") == "v"


def test_a_damaged_snapshot_stops_the_start_once_and_is_kept(programs: Programs) -> None:
    programs.snapshot.write_bytes(b"*1\r\n$4\r\nnope")
    status, said = ended(programs.start())
    assert status == os.EX_CONFIG
    assert "is damaged" in said
    assert "Traceback" not in said
    (aside,) = programs.snapshot.parent.glob("*.damaged-*")
    assert aside.read_bytes() == b"*1\r\n$4\r\nnope"
    _, client = programs.serving()
    assert client.dbsize() == 0


def test_a_port_that_is_taken_is_said_without_a_trace(programs: Programs) -> None:
    _, client = programs.serving()
    port = client.connection_pool.connection_kwargs["port"]
    other = Programs(programs.snapshot.parent / "other")
    status, said = ended(other.start(port))
    assert status == os.EX_CONFIG
    assert f"cannot listen on 127.0.0.1:{port}" in said
    assert "Traceback" not in said


def test_redis_cli_shows_the_documented_fields(programs: Programs) -> None:
    _, client = programs.serving()
    port = client.connection_pool.connection_kwargs["port"]
    socket = socket_file(programs.snapshot.parent, port)
    store = open_store(Settings(redis_socket=socket))
    store.write([make_signal("a", minutes_old=20), make_signal("b", headline='He said "up"')], NOW)
    store.close()
    program = shutil.which("redis-cli")
    assert program, "install redis-cli (Debian: redis-tools)"

    def cli(*arguments: str) -> str:
        command = [program, "-s", str(socket), "--no-raw", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout

    shown = cli("HGETALL", "sentiment:BTC/USDT").splitlines()
    fields = dict(zip(shown[::2], shown[1::2], strict=True))
    assert fields[' 1) "score"'] == ' 2) "0.85"'
    assert fields[' 7) "headline"'] == ' 8) "He said \\"up\\""'
    entries = cli("LRANGE", "sentiment_history:BTC/USDT", "0", "9").splitlines()
    assert [entry[:2] for entry in entries] == ["1)", "2)"]
    assert '\\"article_id\\":\\"b\\"' in entries[0]
    assert cli("-3", "HGET", "sentiment:BTC/USDT", "label") == '"very_bullish"\n'
    assert cli("SET", "trading:entries", "paused") == "OK\n"
    assert cli("GET", "nothing") == "(nil)\n"
    assert cli("TTL", "sentiment:BTC/USDT") == "(integer) -1\n"


CHANGES_OF_HOLDS = {
    "a hold": [["HSET", "trading:holds", "operator", "{}"]],
    "a hold in a transaction": [["MULTI"], ["HSET", "trading:holds", "operator", "{}"], ["EXEC"]],
    "a hold by a script": [
        ["EVAL", "return redis.call('HSET', KEYS[1], 'operator', '{}')", "1", "trading:holds"]
    ],
}


@pytest.mark.parametrize("change", CHANGES_OF_HOLDS)
def test_a_hold_is_kept_before_it_is_answered(programs: Programs, change: str) -> None:
    process, client = programs.serving()
    with client.client() as alone:  # one connection, a packet for each command
        for command in CHANGES_OF_HOLDS[change]:
            alone.execute_command(*command)
    process.kill()
    process.wait(PATIENCE_SECONDS)
    _, client = programs.serving()
    assert client.hgetall("trading:holds") == {"operator": "{}"}


@pytest.mark.parametrize("change", [("set", "trading:entries", "paused"), ("del", "trading:entries")])
def test_that_entries_are_paused_is_kept_before_it_is_answered(
    programs: Programs, change: tuple[str, ...]
) -> None:
    process, client = programs.serving()
    if change[0] == "del":
        client.set("trading:entries", "paused")
    client.execute_command(*change)
    process.kill()
    process.wait(PATIENCE_SECONDS)
    _, client = programs.serving()
    assert client.get("trading:entries") == ("paused" if change[0] == "set" else None)
