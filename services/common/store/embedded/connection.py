"""One client of the embedded Redis server.

fakeredis brings a TCP server of its own, which this replaces: that one has a thread and a hundred wake-ups a
second for each client, one packet for each reply of a pipeline, sends values as status replies (so that
redis-cli shows them without quotes), loses the codes of errors (WRONGTYPE), and asks nobody for a password.
Here all clients live in one event loop. What is missing: blocking commands answer an error where they would
have to wait, and Pub/Sub is for clients of version 2 of the protocol.
"""

from __future__ import annotations

import asyncio
import hmac
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import cast

import structlog
from fakeredis import FakeServer
from fakeredis._helpers import SimpleError, SimpleString

from services.common.store.embedded.resp import (
    MAX_ARGUMENT_BYTES,
    MAX_ARGUMENTS,
    ProtocolError,
    RequestParser,
    encode_reply,
)
from services.common.store.embedded.session import Session

log = structlog.get_logger(__name__)

_OK = SimpleString(b"OK")
_VERSIONS = (b"2", b"3")
REDIS_VERSION = (7, 0)

STRANGERS = 64
"""Clients that have not given the password, at once: one more, and the one that has been silent longest is dropped."""
STRANGER_SECONDS = 5.0
"""How long a client may take to give the password: others must not use up memory and descriptors."""
_STRANGER_ARGUMENTS, _STRANGER_BYTES = 10, 16 * 1024  # as Redis has it


@dataclass(slots=True)
class Host:
    """What the connections of one server share.

    Attributes:
        strangers: those of the connections that have not given the password, the oldest first.
        save: writes down what changed; None where nothing is kept.
        failure: why what changed could not be written down when that was last tried, or None.
    """

    data: FakeServer
    port: int
    password: bytes | None = field(default=None, repr=False)
    started: float = field(default_factory=time.monotonic)
    connections: set[Connection] = field(default_factory=set)
    strangers: dict[Connection, None] = field(default_factory=dict)
    save: Callable[[], Awaitable[None]] | None = None
    failure: Callable[[], str | None] = lambda: None


class Connection(asyncio.Protocol):
    """Reads requests, runs each to its end, and sends what they answer in one go.

    A change of what stops a bot is answered when it is on the disk: a crash must not let it trade again. A client
    that has not given the password yet can send small requests only, for a few seconds, and is one of few.

    Args:
        is_trusted: it came by the socket, which needs no password.
    """

    def __init__(self, host: Host, *, is_trusted: bool = False) -> None:
        self._host = host
        self._parser = RequestParser()
        self._out: list[bytes] = []
        self._working = self._is_leaving = False
        self._saving: asyncio.Task[None] | None = None
        self._is_trusted = is_trusted or host.password is None
        self._patience: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport
        self._session: Session

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio.Protocol."""
        self._transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername") or ("", 0)
        address = f"{peer[0]}:{peer[1]}"
        self._session = Session(self._host.data, self._take_reply, address, self._host.failure)
        self._host.connections.add(self)
        if not self._is_trusted:
            self._receive_stranger()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - how it ended makes no difference
        """Part of asyncio.Protocol."""
        self._host.connections.discard(self)
        self._forget_stranger()
        self._session.close()

    def pause_writing(self) -> None:
        """A client that does not read its replies gets no further requests read."""
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """It reads again."""
        self._transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        """Part of asyncio.Protocol."""
        self._working = True
        try:
            for fields in self._parser.requests(data):
                self._execute(fields)
                if self._is_leaving or self._transport.is_closing():
                    break
        except ProtocolError as error:
            self._take_reply(SimpleError(f"ERR Protocol error: {error}"))
            self._is_leaving = True
        finally:
            self._working = False
            self._flush()

    def abort(self) -> None:
        """Drop the client at once."""
        self._forget_stranger()
        self._transport.abort()

    def _receive_stranger(self) -> None:
        self._parser.most_arguments, self._parser.most_bytes = _STRANGER_ARGUMENTS, _STRANGER_BYTES
        strangers = self._host.strangers
        if len(strangers) >= STRANGERS:
            next(iter(strangers)).abort()
        strangers[self] = None
        self._patience = asyncio.get_running_loop().call_later(STRANGER_SECONDS, self.abort)

    def _trust(self) -> None:
        self._is_trusted = True
        self._parser.most_arguments, self._parser.most_bytes = MAX_ARGUMENTS, MAX_ARGUMENT_BYTES
        self._forget_stranger()

    def _forget_stranger(self) -> None:
        self._host.strangers.pop(self, None)
        if self._patience is not None:
            self._patience.cancel()

    def _take_reply(self, reply: object) -> None:
        self._out.append(encode_reply(reply, self._session.protocol))
        if not self._working:  # published by another client
            self._flush()

    def _flush(self) -> None:
        if self._saving is not None:
            return  # it sends all when it is done
        if self._out and not self._transport.is_closing():
            self._transport.write(b"".join(self._out))
        self._out.clear()
        if self._is_leaving:
            self._transport.close()

    async def _save(self, save: Callable[[], Awaitable[None]]) -> None:
        while self._session.has_to_be_kept:  # again for what is changed meanwhile
            self._session.has_to_be_kept = False
            await save()  # where that fails the server says so, and what was asked for holds until it ends
        self._saving = None
        self._flush()

    def _execute(self, fields: list[bytes]) -> None:
        name = fields[0].upper()
        try:
            self._dispatch(name, fields)
        except SimpleError as error:
            self._take_reply(error)
        except Exception:  # a mistake in fakeredis: this one command fails, the client and the others go on
            command = name[:40].decode(errors="replace")
            log.exception("embedded_redis_command_failed", command=command)
            self._take_reply(SimpleError(f"ERR the embedded Redis cannot do {command}"))
        if self._session.has_to_be_kept and self._host.save and self._saving is None:
            self._saving = asyncio.get_running_loop().create_task(self._save(self._host.save))
        if name == b"QUIT" or self._session.is_killed:
            self._is_leaving = True
            self._flush()

    def _dispatch(self, name: bytes, fields: list[bytes]) -> None:
        if name == b"QUIT":
            self._take_reply(_OK)
        elif name == b"AUTH":
            self._take_reply(self._authenticate(fields[1:]))
        elif name == b"HELLO":
            self._session.run(self._checked_hello(fields))
        elif not self._is_trusted:
            raise SimpleError("NOAUTH Authentication required.")
        elif name == b"INFO":
            self._take_reply(server_info(self._host))
        else:
            self._session.run(fields)

    def _authenticate(self, credentials: list[bytes]) -> SimpleString:
        if self._host.password is None:
            raise SimpleError(
                "ERR AUTH <password> called without any password configured for the default user. "
                "Are you sure your configuration is correct?"
            )
        user, given = ([b"default", *credentials])[-2:]
        if user != b"default" or not hmac.compare_digest(given, self._host.password):
            raise SimpleError("WRONGPASS invalid username-password pair or user is disabled.")
        self._trust()
        return _OK

    def _checked_hello(self, fields: list[bytes]) -> list[bytes]:
        """HELLO without its credentials, which are checked here."""
        if len(fields) > 1 and fields[1] not in _VERSIONS:
            raise SimpleError("NOPROTO unsupported protocol version")
        options = fields[2:]
        for i, option in enumerate(options):
            if option.upper() == b"AUTH" and len(options) > i + 2:
                self._authenticate(options[i + 1 : i + 3])
                del options[i : i + 3]
                break
        if not self._is_trusted:
            raise SimpleError("NOAUTH HELLO must be called with AUTH: a password is required.")
        version = fields[1] if len(fields) > 1 else str(self._session.protocol).encode()
        return [b"HELLO", version, *[o.upper() if o.upper() == b"SETNAME" else o for o in options]]


def server_info(host: Host) -> bytes:
    """The answer to INFO, which fakeredis does not know: what tools look for, in sections."""
    keyspace = [f"db{number}:keys={len(db)}" for number, db in sorted(host.data.dbs.items()) if len(db)]
    lines = [
        "# Server",
        f"redis_version:{'.'.join(map(str, REDIS_VERSION))}.0",
        "redis_mode:standalone",
        f"process_id:{os.getpid()}",
        f"tcp_port:{host.port}",
        f"uptime_in_seconds:{int(time.monotonic() - host.started)}",
        "executable:services.common.store.embedded.server",
        "# Clients",
        f"connected_clients:{len(host.connections)}",
        "# Memory",
        "maxmemory:0",
        "maxmemory_policy:noeviction",
        "# Persistence",
        f"rdb_last_bgsave_status:{'err' if host.failure() else 'ok'}",
        "# Keyspace",
        *keyspace,
    ]
    return "".join(f"{line}\r\n" for line in lines).encode()
