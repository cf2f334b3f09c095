"""The embedded Redis as clients of its port see it: redis-py in both versions of the protocol, and raw sockets."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import redis

from services.common.errors import StopProgram
from services.common.store.embedded.access import data_folder
from services.common.store.embedded.proxy import encode_request
from services.common.store.embedded.server import EmbeddedRedis, serving
from tests.support.store.embedded_redis import client_of, embedded_redis

COUNT_TWICE = "redis.call('INCR', KEYS[1]); return redis.call('INCR', KEYS[1])"
PATIENCE_SECONDS = 30.0


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedRedis]:
    with embedded_redis() as running:
        yield running


@pytest.fixture(params=[2, 3])
def client(server: EmbeddedRedis, request: pytest.FixtureRequest) -> Iterator[Any]:
    with client_of(server, protocol=request.param, decode_responses=True) as opened:
        opened.flushall()
        yield opened


def logged_in(server: EmbeddedRedis) -> socket.socket:
    """A connection whose first answer, to AUTH, was read."""
    connection = socket.create_connection(("127.0.0.1", server.settings.redis_port), timeout=PATIENCE_SECONDS)
    connection.sendall(encode_request(b"AUTH", server.password.get_secret_value().encode()))
    assert connection.recv(100) == b"+OK\r\n"
    return connection


def exchange(connection: socket.socket, data: bytes) -> bytes:
    """Send bytes and return all that comes until the server closes."""
    with connection:
        connection.sendall(data)
        with suppress(OSError):  # it has closed the connection already
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


def test_a_command_waits_for_what_is_not_there_yet(server: EmbeddedRedis, client: Any) -> None:
    with client_of(server) as other:
        waiting = threading.Timer(0.05, other.rpush, ("later", "x"))
        waiting.start()
        assert list(client.blpop("later", timeout=PATIENCE_SECONDS)) == ["later", "x"]
        waiting.join()


def test_published_messages_reach_subscribers(client: Any) -> None:
    with client.pubsub(ignore_subscribe_messages=True) as subscriber:
        subscriber.subscribe("news")
        subscriber.get_message(timeout=5)
        assert client.publish("news", "hello") == 1
        message = subscriber.get_message(timeout=5)
        assert message is not None
        assert message["data"] == "hello"


def test_scripts_of_many_clients_do_not_mix(server: EmbeddedRedis, client: Any) -> None:
    def work() -> None:
        with client_of(server) as own:
            script = own.register_script(COUNT_TWICE)
            evens.extend(int(script(keys=["n"])) for _ in range(50))

    evens: list[int] = []
    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(evens) == list(range(2, 802, 2))
    assert client.get("n") == "800"


def test_no_key_is_thrown_away_when_memory_is_short(client: Any) -> None:
    info = client.info()
    assert info["maxmemory_policy"] == "noeviction"
    assert info["maxmemory"] == 0


def test_a_protocol_error_closes_only_that_client(server: EmbeddedRedis, client: Any) -> None:
    assert exchange(logged_in(server), encode_request(b"PING")) == b"+PONG\r\n"
    port = server.settings.redis_port
    for connection in (
        logged_in(server),
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS),
    ):
        client.set("k", "v")
        browser = exchange(connection, b"POST / HTTP/1.1\r\n\r\n" + encode_request(b"FLUSHALL"))
        assert b"PONG" not in browser
        assert client.get("k") == "v"
    assert exchange(logged_in(server), encode_request(b"QUIT") + encode_request(b"PING")) == b"+OK\r\n"


def test_clients_that_break_off_disturb_nobody(
    server: EmbeddedRedis, capfd: pytest.CaptureFixture[str]
) -> None:
    with client_of(server) as client:
        client.rpush("long", *["x" * 1000] * 1000)
        for request in (
            b"*2\r\n$3\r\nGE",
            b"*1\r\n$4\r\nPING\r\n",
            b"*4\r\n$6\r\nLRANGE\r\n$4\r\nlong\r\n$1\r\n0\r\n$2\r\n-1\r\n",
        ):
            for connect in (
                logged_in,
                lambda at: socket.create_connection(("127.0.0.1", at.settings.redis_port)),
            ):
                for _ in range(15):
                    connection = connect(server)
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    connection.sendall(request)
                    connection.close()  # with a reset, whatever is under way
        assert client.ping() is True
        assert server.server.problem() is None
    assert "Traceback" not in capfd.readouterr().err


def test_a_client_that_never_reads_does_not_hold_up_others(server: EmbeddedRedis) -> None:
    with client_of(server, socket_timeout=30) as client, logged_in(server) as greedy:
        client.rpush("long", *["x" * 1000] * 1000)
        greedy.sendall(encode_request(b"LRANGE", b"long", b"0", b"-1") * 100)
        assert client.ping() is True


def test_it_listens_on_loopback_only(server: EmbeddedRedis) -> None:
    with pytest.raises(OSError, match=r"refused|unreachable|assign"):
        socket.create_connection(("127.0.0.2", server.settings.redis_port), timeout=5)


# Password


@pytest.mark.parametrize("protocol", [2, 3])
@pytest.mark.parametrize("user", [None, "default"])
def test_a_password_is_asked_for(server: EmbeddedRedis, protocol: int, user: str | None) -> None:
    with client_of(server, username=user, protocol=protocol) as good:
        assert good.ping() is True
    for given in (None, "another"):
        with (
            client_of(server, username=user, password=given, protocol=protocol) as bad,
            pytest.raises(redis.AuthenticationError),
        ):
            bad.get("k")


@pytest.mark.parametrize("portions", [1, 3])
def test_a_login_is_read_whatever_the_portions(server: EmbeddedRedis, portions: int) -> None:
    password = server.password.get_secret_value().encode()
    requests = b"*0\r\n" + encode_request(b"auth", b"default", password) + encode_request(b"PING")
    with socket.create_connection(
        ("127.0.0.1", server.settings.redis_port), timeout=PATIENCE_SECONDS
    ) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for start in range(0, len(requests), portions):
            client.sendall(requests[start : start + portions])
        received = b""
        while not received.endswith(b"PONG\r\n"):
            received += client.recv(100)
        assert received == b"+OK\r\n+PONG\r\n"


@pytest.mark.parametrize(
    "data",
    [
        b"PING\r\n",
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"G",
        b"*1\r\nPING\r\n",
        b"*x\r\n",
        b"*-1\r\n",
        b"*99999999\r\n",
        b"*1\r\n$-1\r\n",
        b"*1\r\n$99999999999\r\n",
        b"*1\r\n$2\r\nPING\r\n",
        b"*" + b"1" * 5000 + b"\r\n",
        b"*" + b"1" * 200_000,
    ],
)
def test_what_is_no_request_is_refused(server: EmbeddedRedis, data: bytes) -> None:
    port = server.settings.redis_port
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS) as client:
        client.sendall(data)
        assert client.recv(100).startswith(b"-ERR Protocol error")


# Start and end


def test_content_survives_and_no_thread_is_left(tmp_path: Path) -> None:
    threads = set(threading.enumerate())
    for run in range(3):
        with embedded_redis(tmp_path / "deeper") as server, client_of(server) as client:
            assert client.llen("runs") == run
            client.rpush("runs", run)
    assert server.server.problem() is not None
    assert set(threading.enumerate()) <= threads  # those of an earlier test may end meanwhile


def test_two_servers_never_use_the_same_data(tmp_path: Path) -> None:
    with (
        embedded_redis(tmp_path),
        pytest.raises(StopProgram, match="another embedded Redis"),
        embedded_redis(tmp_path),
    ):
        pass
    with embedded_redis(tmp_path) as again:
        assert again.server.problem() is None


def test_a_port_that_is_taken_stops_the_start(server: EmbeddedRedis, tmp_path: Path) -> None:
    settings = server.settings.changed(state_dir=tmp_path)
    with pytest.raises(StopProgram, match="cannot listen"):
        serving(settings).__enter__()


def test_a_folder_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    data_folder(tmp_path).write_text("a file")
    with pytest.raises(StopProgram, match="cannot keep its data"), embedded_redis(tmp_path):
        pass
