"""What a version before kept in a snapshot is there when this one starts."""

from __future__ import annotations

import hashlib
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.common.errors import StopProgram
from services.common.store.embedded.access import data_folder
from services.common.store.embedded.proxy import encode_request
from services.common.store.embedded.server import OLD_SNAPSHOT
from services.common.store.holds import OPERATOR, Hold
from services.common.store.open import open_store
from services.common.store.port import WriteOutcome
from tests.support.store.embedded_redis import client_of, embedded_redis
from tests.support.store.store_samples import NOW, PAIR, make_signal

COMMANDS = [
    [b"SET", b"text", b"\x00\xff\r\n"],
    [b"RPUSH", b"list", *(b"%d" % i for i in range(500))],
    [b"RPUSH", b"list", *(b"%d" % i for i in range(500, 1000))],
    [b"SADD", b"set", b"a", b"b"],
    [b"HSET", b"hash", b"f", b"v", b"g", b"w"],
    [b"ZADD", b"zset", b"1.5", b"m", b"1700000000123", b"n", b"inf", b"o"],
    [b"SET", b"soon", b"x"],
    [b"PEXPIREAT", b"soon", b"%d" % int((time.time() + 3600) * 1000)],
    [b"SET", b"gone", b"x"],
    [b"PEXPIREAT", b"gone", b"1"],
    [b"SELECT", b"3"],
    [b"SET", b"elsewhere", b"1"],
]


def snapshot_of(commands: list[list[bytes]]) -> bytes:
    """The file as version 0.1.0 wrote it."""
    first = [b"ECHO", b"cryptoboy-snapshot-1"]
    content = b"".join(encode_request(*command) for command in [first, *commands])
    return content + encode_request(b"ECHO", b"sha256:" + hashlib.sha256(content).hexdigest().encode())


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    path = tmp_path / OLD_SNAPSHOT
    path.parent.mkdir()
    return path


def test_everything_comes_back_as_it_was_and_is_taken_over_once(snapshot: Path, tmp_path: Path) -> None:
    snapshot.write_bytes(snapshot_of(COMMANDS))
    with embedded_redis(tmp_path) as server, client_of(server) as client:
        assert client.get("text") == b"\x00\xff\r\n"
        assert client.lrange("list", 0, -1) == [b"%d" % i for i in range(1000)]
        assert client.smembers("set") == {b"a", b"b"}
        assert client.hgetall("hash") == {b"f": b"v", b"g": b"w"}
        assert client.zrange("zset", 0, -1, withscores=True) == [
            (b"m", 1.5),
            (b"n", 1700000000123),
            (b"o", float("inf")),
        ]
        assert client.ttl("list") == -1
        assert 0 < client.ttl("soon") <= 3600
        assert client.get("gone") is None
        client.delete("text")
    assert not snapshot.exists()
    assert snapshot.with_name("redis.json.taken-over").read_bytes() == snapshot_of(COMMANDS)
    with embedded_redis(tmp_path) as server, client_of(server) as client, client_of(server, db=3) as third:
        assert client.get("text") is None
        assert client.llen("list") == 1000
        assert third.get("elsewhere") == b"1"


def test_signals_and_holds_go_on_where_they_were(snapshot: Path, tmp_path: Path) -> None:
    signals = [make_signal("a", minutes_old=20), make_signal("b")]
    with (
        embedded_redis(tmp_path / "before") as server,
        client_of(server) as client,
        closing(open_store(server.settings)) as store,
    ):
        store.write(signals, NOW)
        store.holds.begin("an id", NOW)
        store.holds.set(Hold(OPERATOR, "lunch", NOW))
        holds, history, current = store.holds.read(), store.history(PAIR), store.current([PAIR])
        snapshot.write_bytes(snapshot_of([command_for(client, key) for key in client.scan_iter()]))
    with embedded_redis(tmp_path) as server, closing(open_store(server.settings)) as store:
        assert (store.holds.read(), store.history(PAIR), store.current([PAIR])) == (holds, history, current)
        assert OPERATOR in holds.owners
        assert len(history) == 2
        assert set(store.write(signals, NOW + timedelta(seconds=1))) == {WriteOutcome.DUPLICATE}


def test_a_snapshot_beside_newer_data_is_left_alone(snapshot: Path, tmp_path: Path) -> None:
    with embedded_redis(tmp_path) as server, client_of(server) as client:
        client.set("k", "newer")
    snapshot.write_bytes(snapshot_of([[b"SET", b"k", b"older"]]))
    with embedded_redis(tmp_path) as server, client_of(server) as client:
        assert client.get("k") == b"newer"
    assert snapshot.exists()


def test_a_take_over_that_was_cut_off_is_begun_again(snapshot: Path, tmp_path: Path) -> None:
    snapshot.write_bytes(snapshot_of(COMMANDS))
    data_folder(tmp_path).mkdir(mode=0o700)
    (data_folder(tmp_path) / "appendonly.aof").write_bytes(snapshot_of(COMMANDS)[:100])
    with embedded_redis(tmp_path) as server, client_of(server) as client:
        assert client.llen("list") == 1000


@pytest.mark.parametrize("damage", ["empty", "cut", "flipped", "text", "appended", "other_version"])
def test_a_damaged_snapshot_stops_the_start_once_and_is_kept_aside(
    snapshot: Path, tmp_path: Path, damage: str
) -> None:
    content = snapshot_of(COMMANDS)
    damaged = {
        "empty": b"",
        "cut": content[: len(content) // 2],
        "flipped": content.replace(b"1700000000123", b"1700000000124"),
        "text": b"this is not it\n",
        "appended": content + encode_request(b"SET", b"k", b"v"),
        "other_version": content.replace(b"snapshot-1", b"snapshot-9"),
    }[damage]
    snapshot.write_bytes(damaged)
    with pytest.raises(StopProgram, match="is damaged") as caught, embedded_redis(tmp_path):
        pass
    (aside,) = snapshot.parent.glob("redis.json.damaged-*")
    assert str(aside) in str(caught.value)
    assert aside.read_bytes() == damaged
    with embedded_redis(tmp_path) as server, client_of(server) as client:
        assert client.dbsize() == 0


def test_a_snapshot_that_cannot_be_read_is_left_alone(snapshot: Path, tmp_path: Path) -> None:
    snapshot.mkdir()
    with pytest.raises(StopProgram, match="cannot keep its data"), embedded_redis(tmp_path):
        pass
    assert snapshot.is_dir()


def command_for(client: Any, key: bytes) -> list[bytes]:
    """What the snapshot said of a key."""
    match client.type(key):
        case b"string":
            return [b"SET", key, client.get(key)]
        case b"list":
            return [b"RPUSH", key, *client.lrange(key, 0, -1)]
        case b"hash":
            return [b"HSET", key, *(part for pair in client.hgetall(key).items() for part in pair)]
        case kind:
            assert kind == b"zset"
            scored = client.zrange(key, 0, -1, withscores=True)
            return [b"ZADD", key, *(part for member, score in scored for part in (b"%.17g" % score, member))]
