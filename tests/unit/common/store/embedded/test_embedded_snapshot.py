from __future__ import annotations

import time
from pathlib import Path

import pytest
from fakeredis import FakeServer

from services.common.errors import StopProgram
from services.common.store.embedded.resp import encode_request
from services.common.store.embedded.session import Session
from services.common.store.embedded.snapshot import copy_state, load_snapshot, write_snapshot

COMMANDS = [
    [b"SET", b"text", b"\x00\xff\r\n"],
    [b"RPUSH", b"list", *(b"%d" % i for i in range(1200))],
    [b"SADD", b"set", b"a", b"b"],
    [b"HSET", b"hash", b"f", b"v", b"g", b"w"],
    [b"ZADD", b"zset", b"1.5", b"m", b"1700000000123", b"n", b"inf", b"o"],
    [b"SET", b"soon", b"x", b"PX", b"60000"],
    [b"SELECT", b"3"],
    [b"SET", b"elsewhere", b"1"],
]


def run(data: FakeServer, *commands: list[bytes]) -> list[object]:
    replies: list[object] = []
    session = Session(data, replies.append)
    for command in commands:
        session.run(command)
    return replies


def saved(path: Path) -> FakeServer:
    data = FakeServer(version=(7, 0))
    run(data, *COMMANDS)
    write_snapshot(path, copy_state(data)[0])
    return data


def test_everything_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "redis.snapshot"
    before, after = saved(path), FakeServer(version=(7, 0))
    assert load_snapshot(path, after) == 7
    questions = [
        [b"GET", b"text"],
        [b"LRANGE", b"list", b"0", b"-1"],
        [b"SMEMBERS", b"set"],
        [b"HGETALL", b"hash"],
        [b"ZRANGE", b"zset", b"0", b"-1", b"WITHSCORES"],
        [b"PTTL", b"list"],
        [b"SELECT", b"3"],
        [b"GET", b"elsewhere"],
    ]
    answers = run(after, *questions)
    assert [str(answer) for answer in answers] == [str(answer) for answer in run(before, *questions)]
    (left,) = run(after, [b"PTTL", b"soon"])
    assert isinstance(left, int)
    assert 0 < left <= 60_000


def test_what_expired_meanwhile_does_not_come_back(tmp_path: Path) -> None:
    path = tmp_path / "redis.snapshot"
    data = FakeServer(version=(7, 0))
    run(data, [b"SET", b"k", b"v", b"PXAT", b"%d" % int((time.time() + 3600) * 1000)])
    state = copy_state(data)[0][0]
    expired = type(state)(state.database, state.key, state.command, state.arguments, expire_at_ms=1)
    write_snapshot(path, [expired])
    after = FakeServer(version=(7, 0))
    load_snapshot(path, after)
    assert run(after, [b"GET", b"k"]) == [None]


def test_without_a_file_the_store_begins_empty(tmp_path: Path) -> None:
    assert load_snapshot(tmp_path / "none", FakeServer(version=(7, 0))) == 0


def test_a_key_of_a_type_that_is_not_kept_is_named() -> None:
    data = FakeServer(version=(7, 0))
    run(data, [b"XADD", b"stream", b"*", b"f", b"v"], [b"SET", b"k", b"v"])
    states, left_out = copy_state(data)
    assert [state.key for state in states] == [b"k"]
    assert left_out == {b"stream"}


def whole(tmp_path: Path) -> bytes:
    path = tmp_path / "whole"
    saved(path)
    return path.read_bytes()


@pytest.mark.parametrize("damage", ["empty", "cut", "flipped", "text", "appended", "other_version"])
def test_a_damaged_file_is_refused_and_kept_aside(tmp_path: Path, damage: str) -> None:
    content = whole(tmp_path)
    damaged = {
        "empty": b"",
        "cut": content[: len(content) // 2],
        "flipped": content.replace(b"1700000000123", b"1700000000124"),
        "text": b"this is not it\n",
        "appended": content + encode_request(b"SET", b"k", b"v"),
        "other_version": content.replace(b"snapshot-1", b"snapshot-9"),
    }[damage]
    path = tmp_path / "redis.snapshot"
    path.write_bytes(damaged)
    with pytest.raises(StopProgram, match="is damaged") as caught:
        load_snapshot(path, FakeServer(version=(7, 0)))
    (aside,) = tmp_path.glob("redis.snapshot.damaged-*")
    assert str(aside) in str(caught.value)
    assert aside.read_bytes() == damaged
    assert not path.exists()


def test_a_file_that_cannot_be_read_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "redis.snapshot"
    path.mkdir()
    with pytest.raises(StopProgram, match="cannot be read"):
        load_snapshot(path, FakeServer(version=(7, 0)))
    assert path.is_dir()
