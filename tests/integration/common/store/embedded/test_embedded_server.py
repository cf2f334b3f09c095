"""The embedded Redis as its clients see it: redis-py in both versions of the protocol, and raw sockets."""

from __future__ import annotations

import shutil
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from pydantic import SecretStr
from redis.backoff import NoBackoff
from redis.retry import Retry

from services.common.errors import StopProgram
from services.common.store.embedded import session as embedded_session
from services.common.store.embedded.server import EmbeddedRedis
from services.common.store.keys import ENTRIES, HOLDS, HOLDS_ID
from tests.support.broker.broker_house import eventually

AT_ONCE = Retry(NoBackoff(), 0)
COUNT_TWICE = "redis.call('INCR', KEYS[1]); return redis.call('INCR', KEYS[1])"


@pytest.fixture
def server() -> Iterator[EmbeddedRedis]:
    with EmbeddedRedis() as running:
        yield running


@pytest.fixture(params=[2, 3])
def client(server: EmbeddedRedis, request: pytest.FixtureRequest) -> Iterator[Any]:
    opened = redis.Redis(port=server.port, protocol=request.param, decode_responses=True)
    yield opened
    opened.close()


def exchange(port: int, data: bytes) -> bytes:
    """Send bytes and return all that comes until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        received = b""
        while portion := connection.recv(65536):
            received += portion
        return received


def test_values_of_every_type_come_back(client: Any) -> None:
    assert client.ping() is True
    client.set("text", "über\r\n")
    client.hset("hash", mapping={"a": "1", "b": "2"})
    client.rpush("list", "x", "y")
    client.sadd("set", "m")
    client.zadd("zset", {"m": 1.5, "n": 1_700_000_000_123})
    assert client.get("text") == "über\r\n"
    assert client.get("none") is None
    assert client.hgetall("hash") == {"a": "1", "b": "2"}
    assert client.lrange("list", 0, -1) == ["x", "y"]
    assert client.smembers("set") == {"m"}
    scores = [float(score) for _, score in client.zrange("zset", 0, -1, withscores=True)]
    assert scores == [1.5, 1_700_000_000_123]
    assert client.type("hash") == "hash"
    assert sorted(client.scan_iter()) == ["hash", "list", "set", "text", "zset"]


def test_errors_keep_their_codes(client: Any) -> None:
    client.set("text", "x")
    with pytest.raises(redis.ResponseError, match=r"^WRONGTYPE"):
        client.lrange("text", 0, -1)
    with pytest.raises(redis.ResponseError, match="unknown command"):
        client.execute_command("NOSUCH")
    with pytest.raises(redis.exceptions.NoScriptError):
        client.evalsha("0" * 40, 0)
    assert client.ping() is True


def test_transactions_run_as_a_whole_or_not_at_all(client: Any) -> None:
    with client.pipeline(transaction=True) as transaction:
        transaction.set("a", 1).incr("a").get("a")
        assert transaction.execute() == [True, 2, "2"]
    with client.pipeline() as transaction:
        transaction.watch("a")
        client.set("a", 10)
        transaction.multi()
        transaction.incr("a")
        with pytest.raises(redis.WatchError):
            transaction.execute()
    assert client.get("a") == "10"


def test_a_long_pipeline_is_answered_in_order(client: Any) -> None:
    with client.pipeline(transaction=False) as pipeline:
        for i in range(3000):
            pipeline.set(f"k{i % 7}", i).get(f"k{i % 7}")
        assert pipeline.execute()[1::2] == [str(i) for i in range(3000)]


def test_expiry_is_kept(client: Any) -> None:
    client.set("k", "v", px=60_000)
    assert 0 < client.pttl("k") <= 60_000
    client.persist("k")
    assert client.ttl("k") == -1
    client.set("gone", "v", pxat=1)
    assert client.get("gone") is None


def test_info_tells_what_tools_ask_for(client: Any, server: EmbeddedRedis) -> None:
    client.set("k", "v")
    info = client.info()
    assert info["redis_version"].startswith("7.")
    assert info["tcp_port"] == server.port
    assert info["connected_clients"] >= 1
    assert info["db0"] == {"keys": 1}


def test_a_command_that_would_wait_answers_at_once(client: Any) -> None:
    with pytest.raises(redis.ResponseError, match="does not wait"):
        client.blpop("empty", timeout=30)
    client.rpush("full", "x")
    assert list(client.blpop("full", timeout=30)) == ["full", "x"]


def test_published_messages_reach_subscribers(server: EmbeddedRedis) -> None:
    client: Any = redis.Redis(port=server.port, protocol=2, decode_responses=True)
    with client.pubsub(ignore_subscribe_messages=True) as subscriber:
        subscriber.subscribe("news")
        subscriber.get_message(timeout=5)
        assert client.publish("news", "hello") == 1
        message = subscriber.get_message(timeout=5)
        assert message is not None
        assert message["data"] == "hello"
    client.close()


def test_scripts_of_many_clients_do_not_mix(server: EmbeddedRedis) -> None:
    def work() -> None:
        client = redis.Redis(port=server.port)
        script = client.register_script(COUNT_TWICE)
        evens.extend(int(script(keys=["n"])) for _ in range(50))
        client.close()

    evens: list[int] = []
    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(evens) == list(range(2, 802, 2))


def test_a_protocol_error_closes_only_that_client(server: EmbeddedRedis) -> None:
    answer = exchange(server.port, b"*1\r\n$4\r\nPING\r\n")
    assert answer == b"+PONG\r\n"
    browser = exchange(server.port, b"POST / HTTP/1.1\r\n\r\n*1\r\n$8\r\nFLUSHALL\r\n")
    assert browser.startswith(b"-ERR Protocol error")
    assert browser.count(b"\r\n") == 1
    assert exchange(server.port, b"*1\r\n$4\r\nQUIT\r\n*1\r\n$4\r\nPING\r\n") == b"+OK\r\n"


def test_clients_that_break_off_disturb_nobody(
    server: EmbeddedRedis, capfd: pytest.CaptureFixture[str]
) -> None:
    client = redis.Redis(port=server.port)
    client.rpush("long", *["x" * 1000] * 1000)
    for request in (
        b"*2\r\n$3\r\nGE",
        b"*1\r\n$4\r\nPING\r\n",
        b"*4\r\n$6\r\nLRANGE\r\n$4\r\nlong\r\n$1\r\n0\r\n$2\r\n-1\r\n",
    ):
        for _ in range(30):
            connection = socket.create_connection(("127.0.0.1", server.port))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.sendall(request)
            connection.close()  # with a reset, whatever is under way
    assert client.ping() is True
    assert server.is_serving
    client.close()
    assert "Traceback" not in capfd.readouterr().err


def test_a_client_that_never_reads_does_not_hold_up_others(server: EmbeddedRedis) -> None:
    client = redis.Redis(port=server.port, socket_timeout=30)
    client.rpush("long", *["x" * 1000] * 1000)
    request = b"*4\r\n$6\r\nLRANGE\r\n$4\r\nlong\r\n$1\r\n0\r\n$2\r\n-1\r\n"
    with socket.create_connection(("127.0.0.1", server.port)) as greedy:
        greedy.sendall(request * 100)
        assert client.ping() is True
    client.close()


def test_a_mistake_of_fakeredis_costs_one_command(
    server: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = redis.Redis(port=server.port)
    run = embedded_session.Session.run

    def run_or_break(session: embedded_session.Session, fields: list[bytes]) -> None:
        if fields[0] == b"ECHO":
            raise KeyError("a mistake")
        run(session, fields)

    client.ping()
    monkeypatch.setattr(embedded_session.Session, "run", run_or_break)
    with pytest.raises(redis.ResponseError, match="cannot do ECHO"):
        client.echo("x")
    assert client.ping() is True
    client.close()


def test_it_listens_on_loopback_only(server: EmbeddedRedis) -> None:
    with pytest.raises(OSError, match=r"refused|unreachable|assign"):
        socket.create_connection(("127.0.0.2", server.port), timeout=5)


# Password


@pytest.mark.parametrize("protocol", [2, 3])
def test_a_password_is_asked_for(protocol: int) -> None:
    with EmbeddedRedis(password=SecretStr("the right one")) as server:
        good = redis.Redis(port=server.port, password="the right one", protocol=protocol)
        assert good.ping() is True
        for given in (None, "another"):
            bad = redis.Redis(port=server.port, password=given, protocol=protocol, retry=AT_ONCE)
            with pytest.raises(redis.AuthenticationError):
                bad.get("k")
            bad.close()
        good.close()
        assert exchange(server.port, b"*1\r\n$8\r\nFLUSHALL\r\n") == b"-NOAUTH Authentication required.\r\n"


def test_a_password_where_none_is_set_is_refused_as_redis_does(server: EmbeddedRedis) -> None:
    client = redis.Redis(port=server.port, password="x", retry=AT_ONCE)
    with pytest.raises(redis.AuthenticationError):
        client.ping()
    client.close()


# Start and end


def test_content_survives_and_no_thread_is_left(tmp_path: Path) -> None:
    threads = set(threading.enumerate())
    snapshot = tmp_path / "deeper" / "redis.snapshot"
    for run in range(3):
        with EmbeddedRedis(snapshot=snapshot) as server:
            client = redis.Redis(port=server.port)
            assert client.llen("runs") == run
            client.rpush("runs", run)
            client.close()
    server.stop()
    assert server.is_serving is False
    assert set(threading.enumerate()) <= threads  # those of an earlier test may end meanwhile


def test_nothing_is_written_while_nothing_changes(tmp_path: Path) -> None:
    snapshot = tmp_path / "redis.snapshot"
    with EmbeddedRedis(snapshot=snapshot) as server:
        client = redis.Redis(port=server.port)
        client.set("k", "v")
        client.close()
    written = snapshot.stat().st_ino
    with EmbeddedRedis(snapshot=snapshot) as server:
        client = redis.Redis(port=server.port)
        assert client.get("k") == b"v"
        client.close()
    assert snapshot.stat().st_ino == written


def test_a_snapshot_belongs_to_one_server(tmp_path: Path) -> None:
    snapshot = tmp_path / "redis.snapshot"
    with EmbeddedRedis(snapshot=snapshot), pytest.raises(StopProgram, match="another embedded Redis"):
        EmbeddedRedis(snapshot=snapshot).start()
    with EmbeddedRedis(snapshot=snapshot) as again:
        assert again.is_serving


def test_a_port_that_is_taken_stops_the_start(server: EmbeddedRedis) -> None:
    with pytest.raises(StopProgram, match="cannot listen"):
        EmbeddedRedis(port=server.port).start()


def test_while_the_snapshot_cannot_be_written_only_what_stops_a_bot_is_taken(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with EmbeddedRedis(snapshot=folder / "redis.snapshot") as server:
        client = redis.Redis(port=server.port)
        shutil.rmtree(folder)
        client.set("k", "before it is known")
        eventually("it is known", lambda: client.info()["rdb_last_bgsave_status"] == "err")
        for write in (
            lambda: client.set("k", "v"),
            lambda: client.eval("return redis.call('SET', KEYS[1], 'v')", 1, "k"),
            lambda: client.hset("h", "f", "v"),
        ):
            with pytest.raises(redis.ResponseError, match="MISCONF the embedded Redis takes no writes"):
                write()
        assert client.eval("return redis.call('GET', KEYS[1])", 1, "k") == b"before it is known"
        assert client.exists("h") == 0
        assert client.set(ENTRIES, "paused") is True
        with client.pipeline() as change:
            change.hset(HOLDS, "operator", "{}")
            change.set(HOLDS_ID, "a")
            assert change.execute() == [1, True]
        folder.mkdir()
        eventually("it goes on", lambda: client.info()["rdb_last_bgsave_status"] == "ok")
        assert client.set("k", "v") is True
        client.close()
    with EmbeddedRedis(snapshot=folder / "redis.snapshot") as server:
        client = redis.Redis(port=server.port)
        assert client.mget("k", ENTRIES, HOLDS_ID) == [b"v", b"paused", b"a"]
        assert client.hgetall(HOLDS) == {b"operator": b"{}"}
        client.close()


def test_a_snapshot_that_cannot_be_written_is_told_at_the_end(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    server = EmbeddedRedis(snapshot=folder / "redis.snapshot")
    server.start()
    client = redis.Redis(port=server.port)
    shutil.rmtree(folder)
    client.set("k", "v")
    assert client.get("k") == b"v"
    client.close()
    with pytest.raises(StopProgram, match="could not be written"):
        server.stop()
