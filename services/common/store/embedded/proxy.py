"""Serves the TCP port of the embedded Redis, for clients that cannot use its Unix socket.

The server itself listens only on the socket, which requires no password. The proxy requires a password from each
client and then forwards bytes unchanged. Before authentication, clients are limited in number, time and size of
requests, so that other users of the machine cannot exhaust the server's memory or connections.
"""

from __future__ import annotations

import asyncio
import hmac
import socket
import threading
from contextlib import suppress
from pathlib import Path

from pydantic import SecretStr

MOST_UNAUTHENTICATED = 64
"""Maximum number of simultaneous unauthenticated clients. When one more connects, the oldest one is dropped."""
LOGIN_SECONDS = 5.0
_MOST_ARGUMENTS, _MOST_BYTES = 10, 16 * 1024  # of a request before the password; Redis has the same limits
_MOST_DIGITS = 10
_PORTION = 64 * 1024
_NO_LOGIN = b"-NOAUTH Authentication required.\r\n"
_WRONG_LOGIN = b"-WRONGPASS invalid username-password pair or user is disabled.\r\n"
_DEFAULT_USER = b"default"


class ProtocolError(Exception):
    """The bytes are not a request of the Redis protocol, so the bytes after them cannot be parsed."""


class PasswordProxy:
    """Serves a port in its own thread, from `start` to `stop`.

    Args:
        listener: a socket that listens on the port; the caller closes it.
        password: the password of the default user, which a client must send.
        server: the path of the server's Unix socket.
    """

    def __init__(self, listener: socket.socket, password: SecretStr, server: Path) -> None:
        self._listener = listener
        self._password = password.get_secret_value().encode()
        self._server = server
        self._tasks: set[asyncio.Task[None]] = set()  # asyncio itself does not keep them
        self._unauthenticated: dict[asyncio.StreamWriter, None] = {}  # the oldest first
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="redis-proxy")
        self._serving = threading.Event()
        self._loop: asyncio.AbstractEventLoop
        self._ending: asyncio.Event

    def start(self) -> None:
        """Start the thread; returns when the proxy accepts clients."""
        self._thread.start()
        self._serving.wait()

    def stop(self) -> None:
        """Drop all clients and end the thread."""
        self._loop.call_soon_threadsafe(self._ending.set)
        self._thread.join()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ending = asyncio.Event()
        server = await asyncio.start_server(self._accept, sock=self._listener.dup())
        self._serving.set()
        await self._ending.wait()
        server.close()  # the tasks are cancelled with the loop

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = self._loop.create_task(self._handle(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            login = await self._authenticate(reader, writer)
            if login:
                await self._connect_through(login, reader, writer)
        except (OSError, EOFError):  # a connection is closed, or the client took too long to log in
            pass
        finally:
            writer.transport.abort()

    async def _authenticate(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> list[bytes] | None:
        """Return the request with which the client logged in; None if the client violated the protocol."""
        if len(self._unauthenticated) >= MOST_UNAUTHENTICATED:
            oldest = next(iter(self._unauthenticated))
            del self._unauthenticated[oldest]
            oldest.transport.abort()
        self._unauthenticated[writer] = None
        try:
            async with asyncio.timeout(LOGIN_SECONDS):
                try:
                    return await self._log_in(reader, writer)
                except (ProtocolError, asyncio.LimitOverrunError) as error:
                    writer.write(b"-ERR Protocol error: %s\r\n" % str(error).encode())
                    writer.close()
                    await writer.wait_closed()
                    return None
        finally:
            self._unauthenticated.pop(writer, None)

    async def _log_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> list[bytes]:
        while True:
            request = await read_request(reader)
            if not request:
                continue
            given = _credentials(request)
            if given and given[0] == _DEFAULT_USER and hmac.compare_digest(given[1], self._password):
                # With one argument AUTH is refused by a server that has no password.
                return [b"AUTH", *given] if request[0].upper() == b"AUTH" else request
            writer.write(_WRONG_LOGIN if given else _NO_LOGIN)
            await writer.drain()

    async def _connect_through(
        self, login: list[bytes], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        from_server, to_server = await asyncio.open_unix_connection(self._server)
        to_server.write(encode_request(*login))
        requests = self._loop.create_task(_copy(reader, to_server))
        try:
            await _copy(from_server, writer)
            writer.close()
            await writer.wait_closed()
        finally:
            requests.cancel()
            to_server.transport.abort()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Forward bytes from `reader` to `writer`; at the end of `reader`, also end `writer`."""
    with suppress(OSError):
        while data := await reader.read(_PORTION):
            writer.write(data)
            await writer.drain()
    with suppress(OSError):
        writer.write_eof()


def _credentials(request: list[bytes]) -> tuple[bytes, bytes] | None:
    """The user and the password of an AUTH or HELLO request; None if the request contains no password."""
    name, arguments = request[0].upper(), request[1:]
    if name == b"AUTH" and arguments:
        user, password = [_DEFAULT_USER, *arguments][-2:]
        return user, password
    if name == b"HELLO":
        options = [argument.upper() for argument in arguments]
        place = options.index(b"AUTH") if b"AUTH" in options else len(arguments)
        if len(arguments) > place + 2:
            return arguments[place + 1], arguments[place + 2]
    return None


async def read_request(reader: asyncio.StreamReader) -> list[bytes]:
    """Read the next request and return its arguments; only a small request is accepted.

    The plain-text form of requests ("PING" and a line end) is refused, because a web page can make a browser send
    such text to a loopback port.

    Raises:
        ProtocolError: the bytes are not a request, or the request is too large.
        asyncio.LimitOverrunError: the request is too large.
        EOFError: the client has disconnected.
        OSError: the connection failed.
    """
    count = await _read_number(reader, b"*", "multibulk", _MOST_ARGUMENTS)
    return [await _read_argument(reader) for _ in range(count)]


async def _read_argument(reader: asyncio.StreamReader) -> bytes:
    length = await _read_number(reader, b"$", "bulk", _MOST_BYTES)
    argument = await reader.readexactly(length + 2)
    if not argument.endswith(b"\r\n"):
        raise ProtocolError("an argument is longer than it says")
    return argument[:-2]


async def _read_number(reader: asyncio.StreamReader, kind: bytes, name: str, most: int) -> int:
    first = await reader.readexactly(1)
    if first != kind:
        raise ProtocolError(f"expected '{kind.decode()}', got {first!r}")
    text = (await reader.readuntil(b"\r\n"))[:-2]
    if not text.isdigit() or len(text) > _MOST_DIGITS or int(text) > most:
        raise ProtocolError(f"invalid {name} length")
    return int(text)


def encode_request(*fields: bytes) -> bytes:
    """Encode a command as a client sends it."""
    return b"*%d\r\n%s" % (
        len(fields),
        b"".join(b"$%d\r\n%s\r\n" % (len(field), field) for field in fields),
    )
