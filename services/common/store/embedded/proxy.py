"""The TCP port of the embedded Redis, for clients that cannot use its Unix socket.

The server itself listens on the socket alone, which asks for no password. The proxy asks each client for one, and
then passes bytes on unchanged. Clients that have not authenticated are limited in number, time and size of requests:
other users of the machine must not use up the server's memory or its connections.
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
"""Clients at the same time that have not given the password. If there is one more, the oldest is dropped."""
LOGIN_SECONDS = 5.0
_MOST_ARGUMENTS, _MOST_BYTES = 10, 16 * 1024  # of a request before the password; Redis has the same limits
_MOST_DIGITS = 10
_PORTION = 64 * 1024
_NO_LOGIN = b"-NOAUTH Authentication required.\r\n"
_WRONG_LOGIN = b"-WRONGPASS invalid username-password pair or user is disabled.\r\n"
_DEFAULT_USER = b"default"


class ProtocolError(Exception):
    """The bytes are no request of the Redis protocol, and nothing after them can be parsed."""


class PasswordProxy:
    """Serves a port in a thread of its own, from `start` to `stop`.

    Args:
        listener: listens on the port; stays the caller's.
        password: what a client has to give, as the default user.
        server: the socket of the server behind.
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
        """Serve; returns when clients are answered."""
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
        """The request by which the client logged in; None: it broke the protocol."""
        if len(self._unauthenticated) >= MOST_UNAUTHENTICATED:
            next(iter(self._unauthenticated)).transport.abort()
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
    """Pass bytes on until the end of the stream, and then the end of the stream."""
    with suppress(OSError):
        while data := await reader.read(_PORTION):
            writer.write(data)
            await writer.drain()
    with suppress(OSError):
        writer.write_eof()


def _credentials(request: list[bytes]) -> tuple[bytes, bytes] | None:
    """The user and the password in AUTH or HELLO; None where there are none."""
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
    """The arguments of the next request, which is a small one.

    The plain-text form of requests ("PING" and a line end) is refused, for a web page can make a browser send
    it to a port of loopback.

    Raises:
        ProtocolError: it is none, or too large.
        asyncio.LimitOverrunError: likewise.
        EOFError: the client is gone.
        OSError: likewise.
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
    """A command as a client sends it."""
    return b"*%d\r\n%s" % (
        len(fields),
        b"".join(b"$%d\r\n%s\r\n" % (len(field), field) for field in fields),
    )
