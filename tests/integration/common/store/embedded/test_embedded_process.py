"""The embedded Redis as a process, and the real redis-cli on it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
import redis

from services.common.clock import SystemClock
from services.common.runtime.ports import free_port
from services.common.settings.settings import Settings
from services.common.store.embedded.access import data_folder, password_file, socket_file
from services.common.store.open import open_store
from services.launch.replay_clock import ReplayClock
from tests.support.store.store_samples import NOW, make_signal
from tests.support.waiting import eventually

PATIENCE_SECONDS = 60.0


class Programs:
    """Starts the server of one STATE_DIR, again and again."""

    def __init__(self, folder: Path, port: int | None = None) -> None:
        self.folder = folder
        self.port = port or free_port()
        self.environ: dict[str, str] = {}
        self._started: list[subprocess.Popen[str]] = []

    def start(self) -> subprocess.Popen[str]:
        names = Settings.model_fields
        inherited = {name: value for name, value in os.environ.items() if name.lower() not in names}
        ours = {"CRYPTOBOY_ENV_FILE": "", "STATE_DIR": str(self.folder), "REDIS_PORT": str(self.port)}
        process = subprocess.Popen(
            [sys.executable, "-m", "services.common.store.embedded.server"],
            env={**inherited, **ours, **self.environ},
            stderr=subprocess.PIPE,
            text=True,
        )
        self._started.append(process)
        return process

    def serving(self) -> tuple[subprocess.Popen[str], Any]:
        process = self.start()

        def answers() -> bool:
            assert process.poll() is None, process.stderr
            with suppress(OSError, redis.RedisError):
                return bool(self.client().ping())
            return False

        eventually(answers)
        return process, self.client()

    def client(self) -> Any:
        password = password_file(self.folder).read_text().strip()
        return redis.Redis(port=self.port, password=password, decode_responses=True)

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


def server_of(process: subprocess.Popen[str]) -> psutil.Process:
    (server,) = psutil.Process(process.pid).children()
    return server


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


def test_what_was_answered_survives_a_kill(programs: Programs) -> None:
    process, client = programs.serving()
    server = server_of(process)
    for number in range(500):
        client.rpush("list", number)
    process.kill()
    server.kill()
    process.wait()
    _, client = programs.serving()
    assert client.llen("list") == 500


def test_the_server_ends_with_the_process_that_started_it(programs: Programs) -> None:
    process, _ = programs.serving()
    server = server_of(process)
    process.kill()
    process.wait()
    eventually(lambda: not server.is_running() or server.status() == psutil.STATUS_ZOMBIE)


def test_it_ends_when_its_server_has_ended_and_says_so(programs: Programs) -> None:
    process, _ = programs.serving()
    server_of(process).kill()
    status, said = ended(process)
    assert status == 1
    assert "embedded_redis_ended" in said
    assert "status -9" in said


def test_damaged_data_stop_the_start_once_and_are_kept(programs: Programs) -> None:
    process, client = programs.serving()
    client.set("k", "v")
    client.rpush("list", *range(1000))
    process.terminate()
    process.wait()
    (file,) = data_folder(programs.folder).glob("appendonlydir/*.incr.aof")
    content = file.read_bytes()
    file.write_bytes(content.replace(b"*3\r\n$3\r\nSET", b"*3\r\n$9\r\nSET"))
    status, said = ended(programs.start())
    assert status == os.EX_CONFIG
    assert "are damaged" in said
    assert "./cryptoboy resume" in said
    assert "Traceback" not in said
    (aside,) = programs.folder.glob("redis.damaged-*")
    assert (aside / "appendonlydir" / file.name).read_bytes() == content.replace(
        b"*3\r\n$3\r\nSET", b"*3\r\n$9\r\nSET"
    )
    _, client = programs.serving()
    assert client.dbsize() == 0


def test_a_write_that_was_cut_off_by_the_end_of_the_machine_costs_only_itself(programs: Programs) -> None:
    process, client = programs.serving()
    client.set("k", "v")
    client.set("last", "x" * 1000)
    process.terminate()
    process.wait()
    (file,) = data_folder(programs.folder).glob("appendonlydir/*.incr.aof")
    file.write_bytes(file.read_bytes()[:-100])
    _, client = programs.serving()
    assert client.mget("k", "last") == ["v", None]


def test_a_port_that_is_taken_is_said_without_a_trace(programs: Programs) -> None:
    programs.serving()
    other = Programs(programs.folder / "other", programs.port)
    status, said = ended(other.start())
    assert status == os.EX_CONFIG
    assert f"cannot listen on 127.0.0.1:{programs.port}" in said
    assert "Traceback" not in said


def test_keys_expire_by_the_clock_of_a_replay(programs: Programs) -> None:
    clock = ReplayClock(60.0, horizon=60.0)
    try:
        programs.environ = clock.environment()
        _, client = programs.serving()
        began = time.monotonic()
        now = client.time()[0]
        client.set("relative", "v", ex=60)
        client.set("absolute", "v", pxat=(now + 60) * 1000)
        assert client.mget("relative", "absolute") == ["v", "v"]
        eventually(lambda: client.mget("relative", "absolute") == [None, None])
        assert time.monotonic() - began < 60
        assert client.time()[0] < SystemClock().now().timestamp()
    finally:
        clock.close()


def test_redis_cli_shows_the_documented_fields(programs: Programs) -> None:
    programs.serving()
    socket = socket_file(programs.folder, programs.port)
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
    server = server_of(process)
    with client.client() as alone:  # one connection, a packet for each command
        for command in CHANGES_OF_HOLDS[change]:
            alone.execute_command(*command)
    server.kill()
    process.kill()
    process.wait(PATIENCE_SECONDS)
    _, client = programs.serving()
    assert client.hgetall("trading:holds") == {"operator": "{}"}


@pytest.mark.parametrize("change", [("set", "trading:entries", "paused"), ("del", "trading:entries")])
def test_that_entries_are_paused_is_kept_before_it_is_answered(
    programs: Programs, change: tuple[str, ...]
) -> None:
    process, client = programs.serving()
    server = server_of(process)
    if change[0] == "del":
        client.set("trading:entries", "paused")
    client.execute_command(*change)
    server.kill()
    process.kill()
    process.wait(PATIENCE_SECONDS)
    _, client = programs.serving()
    assert client.get("trading:entries") == ("paused" if change[0] == "set" else None)
