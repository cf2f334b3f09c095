"""A TCP proxy on loopback whose connections can be cut, frozen and slowed while they are in use."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from contextlib import suppress
from types import TracebackType
from typing import Any, Self, TypeVar

CHUNK = 65536
Result = TypeVar("Result")


class TcpProxy:
    """Passes bytes between whoever connects to `port` and a server.

    One thread with an event loop of its own; every method may be called from any other thread.
    """

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._loop = asyncio.new_event_loop()
        self._writers: set[asyncio.StreamWriter] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._delay = 0.0
        self._generation = 0
        self._cuts = 0
        self._drip = 0.0
        self._refusing = False
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.host = "127.0.0.1"
        self.port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = self._call(asyncio.start_server(self._accept, self.host, 0))
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._call(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def cut(self) -> None:
        """End every connection at once, as a reset; new ones are taken."""
        self._call(self._cut())

    def refuse(self) -> None:
        """End every connection, and each new one as soon as it comes."""
        self._refusing = True
        self.cut()

    def accept(self) -> None:
        """Take connections again."""
        self._refusing = False

    def lead_to(self, host: str, port: int) -> None:
        """Lead new connections to another server; those that are open stay where they are."""
        self._target = (host, port)

    def freeze(self) -> None:
        """Pass nothing on, in either direction; connections stay open and new ones are taken."""
        self._loop.call_soon_threadsafe(self._flowing.clear)

    def thaw(self) -> None:
        """Pass on what was held back and all that comes."""
        self._loop.call_soon_threadsafe(self._flowing.set)

    def abandon(self) -> None:
        """Never pass on anything of the connections that are open now, which stay open; new ones work."""
        self._generation += 1

    def slow(self, seconds: float) -> None:
        """Hold back each piece, of up to 64 KiB, for so long; 0 ends it."""
        self._delay = seconds

    def drip(self, seconds: float) -> None:
        """Pass on what the server says byte by byte, each held back for so long; 0 ends it."""
        self._drip = seconds

    def _call(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _cut(self) -> None:
        self._cuts += 1
        for writer in list(self._writers):
            writer.transport.abort()

    async def _end(self) -> None:
        self._server.close()  # here, not in the thread of a test: it would race with connections that end
        await self._cut()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refusing:
            writer.transport.abort()
            return
        cuts = self._cuts
        try:
            there, back = await asyncio.open_connection(*self._target)
        except OSError:
            writer.transport.abort()
            return
        ends = {writer, back}
        if cuts != self._cuts:  # cut while it was being opened
            for end in ends:
                end.transport.abort()
            return
        self._writers |= ends
        try:
            await asyncio.gather(self._pass(reader, back), self._pass(there, writer, drips=True))
        finally:
            self._writers -= ends
            for end in ends:
                end.transport.abort()

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, drips: bool = False
    ) -> None:
        generation = self._generation
        with suppress(ConnectionError, OSError):
            while data := await reader.read(CHUNK):
                if self._delay:
                    await asyncio.sleep(self._delay)
                await self._flowing.wait()
                if generation != self._generation:
                    await asyncio.Event().wait()  # for ever: nobody sets it
                while drips and self._drip and data:
                    writer.write(data[:1])
                    data = data[1:]
                    await asyncio.sleep(self._drip)
                writer.write(data)
                await writer.drain()
        writer.transport.abort()
