"""The content of the embedded Redis on disk.

The file is a sequence of commands in the Redis protocol, like Redis's own append-only file, so that
`redis-cli --pipe < FILE` carries it over to a real Redis. It begins and ends with an ECHO: a version, and the
SHA-256 of everything before. Strings, lists, sets, hashes and sorted sets are kept, with their expiry;
whatever else somebody put there is not.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import IO

from fakeredis import FakeServer
from fakeredis._helpers import SimpleError
from fakeredis.model import ExpiringMembersSet, Hash, ZSet

from services.common.errors import StopProgram
from services.common.store.embedded.resp import ProtocolError, RequestParser, encode_request
from services.common.store.embedded.session import Session

VERSION = b"cryptoboy-snapshot-1"
_CHECKSUM = b"sha256:"
_ARGUMENTS_PER_COMMAND = 500


class SnapshotDamaged(Exception):  # noqa: N818 - it is the name of what happened
    """The file is not a whole snapshot; the text says in what way."""


@dataclass(frozen=True, slots=True)
class KeyState:
    """The value of one key, as the arguments of the command that makes it; `expire_at_ms` is None for never."""

    database: int
    key: bytes
    command: bytes
    arguments: tuple[bytes, ...]
    expire_at_ms: int | None


def lock_snapshot(snapshot: Path) -> IO[bytes]:
    """Make the snapshot ours until the file that is returned is closed. Raises StopProgram."""
    try:
        snapshot.parent.mkdir(parents=True, exist_ok=True)
        file = snapshot.with_name(f"{snapshot.name}.lock").open("wb")
    except OSError as error:
        raise StopProgram(
            f"the folder of the Redis snapshot {snapshot} cannot be used: {error}. Choose another with STATE_DIR."
        ) from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise StopProgram(
            f"another embedded Redis uses the snapshot {snapshot}. Stop it first, or choose another STATE_DIR."
        ) from error
    return file


def copy_state(data: FakeServer) -> tuple[list[KeyState], set[bytes]]:
    """Everything that is there now, and the keys that cannot be kept. Quick: the bytes are not copied."""
    now = time.time()
    states = []
    left_out = set()
    for number, database in sorted(data.dbs.items()):
        for key in list(database):
            item = database._dict[key]  # noqa: SLF001 - fakeredis has no public way to look at everything at once
            if item.expireat is not None and item.expireat <= now:
                continue
            command, arguments = _as_command(item.value)
            if not command:
                left_out.add(key)
                continue
            expire_at = None if item.expireat is None else int(item.expireat * 1000)
            states.append(KeyState(number, key, command, arguments, expire_at))
    return states, left_out


def _as_command(value: object) -> tuple[bytes, tuple[bytes, ...]]:
    if isinstance(value, bytes):
        return b"SET", (value,)
    if isinstance(value, list):
        return b"RPUSH", tuple(value)
    if isinstance(value, Hash):
        return b"HSET", tuple(part for pair in value.items() for part in pair)
    if isinstance(value, ZSet):
        return b"ZADD", tuple(part for member, score in value.items() for part in (b"%.17g" % score, member))
    if isinstance(value, ExpiringMembersSet):
        return b"SADD", tuple(value)
    return b"", ()


def write_snapshot(path: Path, states: list[KeyState]) -> None:
    """Put a whole snapshot in the place of the last one. Raises OSError."""
    digest = hashlib.sha256()
    temporary = path.with_name(f"{path.name}.new")
    with temporary.open("wb") as file:
        for command in _commands(states):
            digest.update(command)
            file.write(command)
        file.write(encode_request(b"ECHO", _CHECKSUM + digest.hexdigest().encode()))
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _commands(states: list[KeyState]) -> Iterator[bytes]:
    yield encode_request(b"ECHO", VERSION)
    database = 0
    for state in states:
        if state.database != database:
            database = state.database
            yield encode_request(b"SELECT", b"%d" % database)
        arguments = iter(state.arguments)
        while portion := tuple(islice(arguments, _ARGUMENTS_PER_COMMAND)):
            yield encode_request(state.command, state.key, *portion)
        if state.expire_at_ms is not None:
            yield encode_request(b"PEXPIREAT", state.key, b"%d" % state.expire_at_ms)


def read_snapshot(content: bytes) -> list[list[bytes]]:
    """The commands of a snapshot, without the two ECHO. Raises SnapshotDamaged."""
    parser = RequestParser()
    try:
        commands = parser.feed(content)
    except ProtocolError as error:
        raise SnapshotDamaged(f"it is not in the Redis protocol ({error})") from error
    if not parser.is_between_requests or not commands:
        raise SnapshotDamaged("it breaks off")
    if commands[0] != [b"ECHO", VERSION]:
        raise SnapshotDamaged("it does not begin as a snapshot of this version")
    last = encode_request(*commands[-1])
    digest = hashlib.sha256(content[: -len(last)]).hexdigest().encode()
    if commands[-1] != [b"ECHO", _CHECKSUM + digest]:
        raise SnapshotDamaged("its checksum is wrong")
    return commands[1:-1]


def load_snapshot(path: Path, data: FakeServer) -> int:
    """Fill an empty server from the snapshot, if there is one; returns the number of keys.

    Raises:
        StopProgram: the file cannot be read, or is damaged; a damaged one is moved aside first.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise StopProgram(f"the Redis snapshot {path} cannot be read: {error}. Check its rights.") from error
    try:
        _run(read_snapshot(content), data)
    except SnapshotDamaged as damage:
        aside = path.with_name(f"{path.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S%f}")
        path.replace(aside)
        raise StopProgram(
            f"the Redis snapshot {path} is damaged: {damage}. It was kept as {aside}. "
            "Put a good copy in its place, or start again to begin with an empty store, on which entries are refused "
            "until ./cryptoboy resume."
        ) from damage
    return sum(len(database) for database in data.dbs.values())


def _run(commands: list[list[bytes]], data: FakeServer) -> None:
    replies: list[object] = []
    session = Session(data, replies.append)
    for command in commands:
        session.run(command)
    session.close()
    for reply in replies:
        if isinstance(reply, SimpleError):
            raise SnapshotDamaged(f"it holds a command that fails ({reply.value})")
