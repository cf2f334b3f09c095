"""Reads the change feed of the history once for all clients of the stream.

The newest entries are kept in one buffer that all clients read at their own positions, so a client costs no memory of
its own and a slow one delays nobody.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from itertools import takewhile

import structlog

from services.api.stream.messages import Entry, entry_of
from services.common.history.port import HistoryReader

log = structlog.get_logger(__name__)

MOST_ENTRIES = 2_000
MOST_CHARACTERS = 8_000_000
PAGE = 200
BUSY_SECONDS, IDLE_SECONDS = 0.02, 0.1
"""Pauses between two looks at the history: while something happens, and after five seconds of nothing."""
_IDLE_AFTER = 5.0
_AFTER_ERROR_SECONDS = 1.0
HEALTH_SECONDS = 5.0


class Feed:
    """The change feed from the moment at which it was started. Its methods belong to one event loop.

    Args:
        history: read in worker threads.
        health: finds the state of the services, in a worker thread; two equal answers mean that nothing changed.
        most: the largest number of entries in the buffer.
    """

    def __init__(
        self, history: HistoryReader, health: Callable[[], object] | None = None, *, most: int = MOST_ENTRIES
    ) -> None:
        self._history = history
        self._find_health = health
        self._most = most
        self._entries: deque[Entry] = deque()
        self._characters = 0
        self._dropped_to = 0
        self._newest = 0
        self._changed = asyncio.Event()
        self._pages = asyncio.Semaphore(4)  # clients that read older entries do not take all worker threads
        self._tasks: list[asyncio.Task[None]] = []
        self.health: object = None

    @property
    def newest(self) -> int:
        """The `seq` of the newest entry that was read."""
        return self._newest

    async def start(self) -> None:
        """Begin at the end of the history, if not started yet. Raises TryLater if the history cannot be read."""
        if self._tasks:
            return
        _, self._newest = await asyncio.to_thread(self._history.seqs)
        if self._tasks:  # another client started it meanwhile
            return
        self._dropped_to = self._newest
        self._tasks = [asyncio.create_task(self._follow())]
        if self._find_health is not None:
            self._tasks.append(asyncio.create_task(self._watch_health(self._find_health)))

    async def close(self) -> None:
        """Stop reading."""
        for task in self._tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        self._tasks = []

    async def wait(self, position: int, seen_health: object, seconds: float) -> None:
        """Return when there is something after this position, or another health, and after `seconds` at the latest."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._newest <= position and self.health is seen_health:
                    await self._changed.wait()

    def buffered(self, position: int) -> list[Entry] | None:
        """The next entries after a position; None if the buffer no longer has all of them."""
        if position < self._dropped_to:
            return None
        after = list(takewhile(lambda entry: entry.seq > position, reversed(self._entries)))
        return after[: -PAGE - 1 : -1]

    async def read(self, position: int) -> list[Entry]:
        """The next entries after a position from the history. Raises TryLater if it cannot be read."""
        async with self._pages:
            return await asyncio.to_thread(self._read, position)

    async def bounds(self) -> tuple[int, int]:
        """The oldest and the newest `seq` that the history has. Raises TryLater if it cannot be read."""
        async with self._pages:
            return await asyncio.to_thread(self._history.seqs)

    def _read(self, position: int) -> list[Entry]:
        return [entry_of(change) for change in self._history.changes(position, limit=PAGE)]

    async def _follow(self) -> None:
        quiet = 0.0
        while True:
            try:
                entries = await asyncio.to_thread(self._read, self._newest)
            except Exception as error:  # noqa: BLE001 - a task that ends would leave all clients without news
                log.warning("stream_waits_for_history", error=str(error))
                await asyncio.sleep(_AFTER_ERROR_SECONDS)
                continue
            if entries:
                self._add(entries)
            pause = BUSY_SECONDS if quiet < _IDLE_AFTER else IDLE_SECONDS
            quiet = 0.0 if entries else quiet + pause
            await asyncio.sleep(0 if len(entries) == PAGE else pause)

    def _add(self, entries: list[Entry]) -> None:
        self._entries.extend(entries)
        self._characters += sum(len(entry.text) for entry in entries)
        while len(self._entries) > self._most or self._characters > MOST_CHARACTERS:
            dropped = self._entries.popleft()
            self._characters -= len(dropped.text)
            self._dropped_to = dropped.seq
        self._newest = entries[-1].seq
        self._wake()

    async def _watch_health(self, find: Callable[[], object]) -> None:
        while True:
            try:
                found = await asyncio.to_thread(find)
            except Exception as error:  # noqa: BLE001 - a task that ends would leave all clients without health
                log.warning("stream_waits_for_health", error=str(error))
            else:
                if found != self.health:
                    self.health = found
                    self._wake()
            await asyncio.sleep(HEALTH_SECONDS)

    def _wake(self) -> None:
        """Wake all clients that wait."""
        self._changed.set()
        self._changed = asyncio.Event()
