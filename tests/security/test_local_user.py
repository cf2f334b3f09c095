"""Another user of this machine attacks the embedded Redis, with what every account has: loopback, and its own files.

He must not read or write sentiment, lift a pause, learn the password, take the port while the server starts again,
stand in for a server that does not run, use up its memory, or read what our programs write.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
import redis
from pydantic import SecretStr

from services.common.broker.embedded.broker import FILE_NAME as QUEUE_FILE
from services.common.errors import StopProgram
from services.common.runtime.ports import free_port
from services.common.secrets.private import close_folder
from services.common.settings.folders import PYTHON_PATH
from services.common.settings.settings import BrokerKind, Settings
from services.common.store.embedded import proxy
from services.common.store.embedded.access import password_file, password_of, socket_of, with_socket
from services.common.store.embedded.proxy import encode_request
from services.common.store.embedded.server import serving
from services.common.store.open import open_store
from services.data_ingestor.news.poller import SEEN_FILE
from services.launch.stack import Stack
from services.launch.supervisor import Supervisor
from services.launch.watch import Watch
from tests.support.pipeline.another_user import another_user
from tests.support.store.embedded_redis import client_of, embedded_redis
from tests.support.waiting import eventually

PATIENCE_SECONDS = 30.0
ATTACKS = {
    "a score": [b"HSET", b"sentiment:BTC/USDT", b"score", b"1.0"],
    "a signal": [b"ZADD", b"sentiment_signals:BTC/USDT", b"1", b"{}"],
    "a lifted pause": [b"HDEL", b"trading:holds", b"operator"],
    "everything away": [b"FLUSHALL"],
    "a script": [b"EVAL", b"return redis.call('DEL', 'trading:holds')", b"0"],
    "a transaction": [b"MULTI"],
    "a look": [b"HGETALL", b"sentiment:BTC/USDT"],
    "a subscription": [b"PSUBSCRIBE", b"*"],
    "what it is": [b"INFO"],
    "a name in HELLO": [b"HELLO", b"3", b"SETNAME", b"strategy"],
    "a wrong password": [b"AUTH", b"cryptoboy123"],
    "no password": [b"AUTH", b""],
    "a wrong password in HELLO": [b"HELLO", b"3", b"AUTH", b"default", b""],
    "another user's name": [b"AUTH", b"strategy", b"cryptoboy123"],
}


class Running:
    """The embedded Redis as `up` runs it: started, watched and started again by a supervisor."""

    def __init__(self, folder: Path, running: ExitStack) -> None:
        settings = Settings(
            broker=BrokerKind.EMBEDDED, state_dir=folder, redis_host="127.0.0.1", redis_port=free_port()
        )
        self.settings = with_socket(settings)
        spec = Stack(self.settings, folder).store()
        self.supervisor = running.enter_context(Supervisor(folder / "logs"))
        self.supervisor.start(spec)
        self.supervisor.wait_ready([spec], PATIENCE_SECONDS)
        self.said: list[str] = []
        self.watch = Watch(self.supervisor, [spec], self.said.append, 0.0)
        self.port = self.settings.redis_port

    def ask(self, *requests: list[bytes]) -> bytes:
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_SECONDS) as client:
            client.sendall(b"".join(encode_request(*request) for request in requests))
            answer = b""
            while answer.count(b"\r\n") < len(requests):
                portion = client.recv(65536)
                assert portion, answer
                answer += portion
            return answer


@pytest.fixture(scope="module", autouse=True)
def importable() -> Iterator[None]:
    """What is started finds our modules, as what ./cryptoboy starts does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", PYTHON_PATH)
        yield


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with ExitStack() as stack:
        before = os.umask(0)
        try:
            started = Running(tmp_path_factory.mktemp("state"), stack)
        finally:
            os.umask(before)
        yield started


@pytest.mark.parametrize("attack", ATTACKS)
def test_without_the_password_nothing_is_answered_and_nothing_done(running: Running, attack: str) -> None:
    with open_store(running.settings)._client as honest:  # type: ignore[attr-defined] # the connection that services have
        honest.hset("sentiment:BTC/USDT", mapping={"score": "-0.9"})
        honest.hset("trading:holds", mapping={"operator": "{}"})
        with another_user():
            answer = running.ask(ATTACKS[attack], [b"HSET", b"sentiment:BTC/USDT", b"score", b"1.0"])
        assert answer.startswith((b"-NOAUTH", b"-WRONGPASS"))
        assert answer.count(b"\r\n") == 2
        assert honest.hgetall("sentiment:BTC/USDT") == {"score": "-0.9"}
        assert honest.hgetall("trading:holds") == {"operator": "{}"}


def test_the_password_in_the_file_opens_the_port_to_this_user(running: Running) -> None:
    password = password_file(running.settings.state_dir).read_text().strip()
    assert len(password) >= 32
    for protocol in (2, 3):
        with redis.Redis(port=running.port, password=password, protocol=protocol) as client:
            assert client.ping() is True


def test_another_user_gets_at_neither_the_password_nor_the_socket_nor_the_files(running: Running) -> None:
    folder = running.settings.state_dir
    files = [path for path in folder.rglob("*") if not path.is_dir()]
    names = {path.name for path in files}
    kept = {"lock", "reserve", "valkey.log", "appendonly.aof.1.incr.aof"}
    assert {"redis-password", f"redis-{running.port}.sock", "redis.log", *kept} <= names
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    made = [
        path for path in folder.rglob("*") if path.name not in {"logs", "redis.log"}
    ]  # by this test's process
    assert len(made) > 2
    assert {path.name: oct(path.stat().st_mode & 0o077) for path in made} == {
        path.name: "0o0" for path in made
    }
    if os.geteuid() != 0:
        return  # nobody but root can be somebody else
    with another_user():
        for path in files:
            with pytest.raises(PermissionError):
                path.open("rb")
        with socket.socket(socket.AF_UNIX) as client, pytest.raises(PermissionError):
            client.connect(str(running.settings.redis_socket))


def test_nobody_takes_the_port_while_the_server_starts_again_and_who_connects_waits(running: Running) -> None:
    pid = running.supervisor.pids()["redis"]
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: "redis" not in running.supervisor.pids())
    for option in (None, socket.SO_REUSEADDR, socket.SO_REUSEPORT):
        for address in ("127.0.0.1", "0.0.0.0"):
            with another_user(), socket.socket() as impostor:
                if option is not None:
                    impostor.setsockopt(socket.SOL_SOCKET, option, 1)
                with pytest.raises(OSError, match="in use"):
                    impostor.bind((address, running.port))
    with socket.create_connection(("127.0.0.1", running.port), timeout=PATIENCE_SECONDS) as waiting:
        waiting.sendall(encode_request(b"PING"))
        now = 0.0

        def is_back() -> bool:
            nonlocal now
            now += 60.0
            running.watch.look(now)
            return "redis" in running.supervisor.pids()

        eventually(is_back)
        assert running.supervisor.pids()["redis"] != pid
        assert waiting.recv(100) == b"-NOAUTH Authentication required.\r\n"


@contextmanager
def impostor(port: int) -> Iterator[list[bytes]]:
    """A server of another user on that port, and what clients sent to it."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", port)) as listener:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    with client, suppress(OSError):
                        client.settimeout(2)
                        heard.append(client.recv(65536))
                        client.sendall(b"+OK\r\n" * 20)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield heard
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def command(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if name.lower() not in Settings.model_fields}
    environ |= {
        "CRYPTOBOY_ENV_FILE": "",
        "STATE_DIR": str(settings.state_dir),
        "REDIS_PORT": str(settings.redis_port),
    }
    return subprocess.run(
        [sys.executable, "-m", "services.cli", *arguments],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )


def test_commands_reach_the_system_without_being_told_a_password(running: Running) -> None:
    paused = command(running.settings, "pause", "--json")
    assert json.loads(paused.stdout)["redis"] == str(running.settings.redis_socket)
    assert json.loads(command(running.settings, "sentiment", "--json").stdout)["entries"] != "allowed"


def test_who_listens_on_the_port_of_a_system_that_does_not_run_learns_no_password(tmp_path: Path) -> None:
    settings = Settings(broker=BrokerKind.EMBEDDED, state_dir=tmp_path, redis_port=free_port())
    password = password_of(tmp_path).get_secret_value()
    with impostor(settings.redis_port) as heard:
        assert command(settings, "sentiment").returncode != 0
    assert heard
    assert password.encode() not in b"".join(heard)


def test_programs_of_the_system_do_not_ask_the_port(tmp_path: Path) -> None:
    """Neither services nor Freqtrade: with their socket gone they are blind, and believe nobody else."""
    settings = with_socket(Settings(broker=BrokerKind.EMBEDDED, state_dir=tmp_path, redis_port=free_port()))
    Stack(settings, tmp_path).freqtrade(throttle_seconds=5)
    section = json.loads((tmp_path / "freqtrade.json").read_text())["cryptoboy"]
    assert section["redis_socket"] == str(settings.redis_socket)
    with impostor(settings.redis_port) as heard:
        store = open_store(settings)
        with pytest.raises(Exception, match="No such file"):
            store.check()
        store.close()
    assert heard == []


def test_a_socket_that_another_user_could_have_made_is_not_asked(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir(mode=0o700)
    settings = Settings(broker=BrokerKind.EMBEDDED, state_dir=folder, redis_port=free_port())
    path = folder / f"redis-{settings.redis_port}.sock"
    with serving(settings):
        assert socket_of(settings) == path
        folder.chmod(0o777)
        assert socket_of(settings) is None
    with serving(settings):  # which closes the folder first
        assert socket_of(settings) == path


def test_where_the_path_is_too_long_for_a_socket_it_is_in_another_folder_as_closed(tmp_path: Path) -> None:
    state = tmp_path / ("long" * 20)
    settings = with_socket(Settings(broker=BrokerKind.EMBEDDED, state_dir=state, redis_port=free_port()))
    path = settings.redis_socket
    assert path is not None
    with serving(settings), open_store(settings)._client as client:  # type: ignore[attr-defined] # as above
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert socket_of(settings.changed(redis_socket=None)) == path
        assert client.ping() is True
    assert not path.parent.exists()
    path.parent.symlink_to(tmp_path)  # by somebody who knows where it will be
    with pytest.raises(StopProgram, match="a folder of this user alone"):
        serving(settings).__enter__()
    path.parent.unlink()


def test_clients_without_the_password_use_up_neither_memory_nor_descriptors(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(proxy, "MOST_UNAUTHENTICATED", 20)
    with embedded_redis() as server, ExitStack() as opened:
        port = server.settings.redis_port
        held = [
            opened.enter_context(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS))
            for _ in range(60)
        ]
        assert [client.recv(1) for client in held[:40]] == [b""] * 40  # dropped for newer ones
        with client_of(server) as honest:
            assert honest.info("clients")["connected_clients"] == 1
        for size in (b"*1\r\n$20000\r\n", b"*11\r\n"):
            with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS) as client:
                client.sendall(size)
                assert client.recv(100).startswith(b"-ERR Protocol error")
        with client_of(server) as honest:
            assert honest.set("k", "v" * 100_000) is True


def test_clients_that_come_all_at_once_are_no_more_than_those_that_come_one_by_one(tmp_path: Path) -> None:
    more = 100
    with ExitStack() as opened, socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        clients = [
            opened.enter_context(socket.create_connection(listener.getsockname(), timeout=PATIENCE_SECONDS))
            for _ in range(proxy.MOST_UNAUTHENTICATED + more)
        ]
        served = proxy.PasswordProxy(listener, SecretStr("p" * 20), tmp_path / "no-server.sock")
        served.start()  # all are accepted in one turn of its loop
        opened.callback(served.stop)
        assert [client.recv(1) for client in clients[:more]] == [b""] * more
        assert len(served._unauthenticated) == proxy.MOST_UNAUTHENTICATED


def test_a_client_has_a_few_seconds_to_log_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxy, "LOGIN_SECONDS", 0.2)
    with (
        embedded_redis() as server,
        client_of(server) as honest,
        socket.create_connection(
            ("127.0.0.1", server.settings.redis_port), timeout=PATIENCE_SECONDS
        ) as silent,
    ):
        honest.ping()
        assert silent.recv(1) == b""
        assert honest.ping() is True


def test_a_password_that_others_can_read_or_have_put_there_is_refused(tmp_path: Path) -> None:
    password_of(tmp_path)
    file = password_file(tmp_path)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.chmod(0o640)
    with pytest.raises(StopProgram, match=r"can be read by others\. Delete it"):
        password_of(tmp_path)
    file.unlink()
    (tmp_path / "known").write_text("known\n")
    file.symlink_to(tmp_path / "known")
    with pytest.raises(StopProgram, match="cannot be kept"):
        password_of(tmp_path)


def test_an_older_folder_of_state_is_closed_once_and_one_of_another_user_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "var"
    folder.mkdir()
    folder.chmod(0o755)
    assert "from now on they cannot" in close_folder(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert close_folder(folder) == ""
    monkeypatch.setattr("services.common.secrets.private.os.geteuid", lambda: os.getuid() + 1)
    monkeypatch.setattr("services.common.secrets.private._ROOT", -1)
    with pytest.raises(StopProgram, match="belongs to another user"):
        close_folder(folder)


def test_a_folder_of_the_system_is_never_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """`var` in the folder `/`, where a program without a home folder may run."""
    usr = Path("/usr")
    changed: list[Path] = []
    monkeypatch.setattr(Path, "chmod", lambda folder, _mode: changed.append(folder))
    monkeypatch.setattr("services.common.secrets.private.os.geteuid", lambda: usr.stat().st_uid)
    with pytest.raises(StopProgram, match="/usr is open to other users and directly below /"):
        close_folder(usr)
    assert changed == []


def test_a_service_writes_for_its_user_alone(tmp_path: Path) -> None:
    sources = tmp_path / "sources.toml"
    sources.write_text('[[source]]\nname = "none"\nurl = "http://127.0.0.1:1/feed.xml"\n')
    state = tmp_path / "state"
    settings = Settings(broker=BrokerKind.EMBEDDED, state_dir=state, news_sources_file=sources, health_port=0)
    environ = {name: value for name, value in os.environ.items() if name.lower() not in Settings.model_fields}
    poller = subprocess.Popen(
        [sys.executable, "-m", "services.data_ingestor.news_poller"],
        env={**environ, **settings.environment()},
        stderr=subprocess.DEVNULL,
        umask=0,
    )
    try:
        eventually(lambda: (state / QUEUE_FILE).exists() and (state / SEEN_FILE).exists())
    finally:
        poller.terminate()
        poller.wait(PATIENCE_SECONDS)
    modes = {str(path): oct(path.stat().st_mode & 0o077) for path in (state, *state.rglob("*"))}
    assert modes == dict.fromkeys(modes, "0o0")


def test_the_exchange_of_a_demo_takes_no_orders_from_others(tmp_path: Path) -> None:
    settings = Settings(broker=BrokerKind.EMBEDDED, state_dir=tmp_path)
    now = datetime.now(UTC)
    assert "--read-only" in Stack(settings, tmp_path).exchange(tmp_path, "1m", now, now, 1).argv
