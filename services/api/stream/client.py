"""Serves one client of the stream: sends what it wants from its position on, and closes it if it reads too slowly."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import NoReturn

from fastapi import WebSocket, WebSocketDisconnect
from pydantic import ValidationError

from services.api.stream import messages
from services.api.stream.feed import Feed
from services.api.stream.messages import Entry
from services.api.stream.subscription import Subscription
from services.common.errors import CryptoBoyError

SEND_SECONDS = 5.0
TICK_SECONDS = 15.0
CHECK_SECONDS = 5.0
TOO_SLOW, NOT_ALLOWED, BAD_MESSAGE, AWAY = 1013, 1008, 1007, 1011
_OUTCOMES = {TOO_SLOW: "slow", NOT_ALLOWED: "refused", BAD_MESSAGE: "refused", AWAY: "away"}


class Closing(Exception):  # noqa: N818 - it ends the connection, which is no error of ours
    """The connection is to be closed with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class StreamClient:
    """One accepted connection.

    Args:
        socket: the accepted WebSocket.
        feed: the started feed.
        wanted: what the client gets; it may send another subscription later.
        now: the present instant, for the client's ages.
        may_stay: whether the caller may still read; asked every few seconds, as a key may be revoked.
    """

    def __init__(
        self,
        socket: WebSocket,
        feed: Feed,
        wanted: Subscription,
        *,
        now: Callable[[], datetime],
        may_stay: Callable[[], bool],
    ) -> None:
        self._socket = socket
        self._feed = feed
        self._wanted = wanted
        self._now = now
        self._may_stay = may_stay
        self._position = feed.newest
        self._health: object = None
        self._check_at = 0.0

    async def serve(self, after: int | None) -> str:
        """Serve the client until it leaves or has to be closed. Return the reason, for the metric.

        Args:
            after: the cursor from which the client resumes; None: from now on.
        """
        sending = asyncio.create_task(self._send_all(after))
        listening = asyncio.create_task(self._listen())
        try:
            await asyncio.wait({sending, listening}, return_when=asyncio.FIRST_COMPLETED)
            for task in (sending, listening):
                if task.done():
                    task.result()
        except WebSocketDisconnect:
            return "left"
        except Closing as closing:
            return await self._close(closing)
        except CryptoBoyError:
            reason = f"the history cannot be read; resume with after={self._position}"
            return await self._close(Closing(AWAY, reason))
        finally:
            sending.cancel()
            listening.cancel()
            await asyncio.gather(sending, listening, return_exceptions=True)
        return "left"

    async def _close(self, closing: Closing) -> str:
        with suppress(WebSocketDisconnect):  # the client was faster
            await self._socket.close(closing.code, closing.reason)
        return _OUTCOMES[closing.code]

    async def _listen(self) -> None:
        """Take subscriptions from the client until it leaves."""
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(message.get("code", 1005))
            try:
                self._wanted = Subscription.model_validate_json(message.get("text") or "")
            except ValidationError:
                raise Closing(BAD_MESSAGE, "not a subscription: {kinds, pairs, sources}") from None

    async def _send_all(self, after: int | None) -> NoReturn:
        await self._begin(after)
        caught_up = False
        while True:
            entries = self._feed.buffered(self._position)
            if entries is None:
                if caught_up:
                    raise self._slow()
                entries = await self._feed.read(self._position)
            for entry in entries:
                await self._send_entry(entry)
            await self._send_health()
            self._check_caller()
            if not entries:
                caught_up = True
                await self._rest()

    async def _begin(self, after: int | None) -> None:
        if after is not None:
            oldest, newest = await self._feed.bounds()
            if after > newest:
                raise Closing(NOT_ALLOWED, f"unknown cursor: the newest is {newest}")
            self._position = max(after, oldest - 1)
        await self._send(messages.hello(self._position, self._now()))
        if after is not None and after < self._position:
            await self._send(messages.gap(self._position))

    async def _send_entry(self, entry: Entry) -> None:
        if self._wanted.wants(entry):
            await self._send(entry.text)
        self._position = entry.seq

    async def _send_health(self) -> None:
        found = self._feed.health
        if found is not self._health:
            self._health = found
            if self._wanted.wants_health:
                await self._send(messages.health(self._position, found))

    async def _rest(self) -> None:
        """Wait for the next entry; say after a while without one that the connection works."""
        position, health = self._position, self._health
        await self._feed.wait(position, health, TICK_SECONDS)
        if self._feed.newest <= position and self._feed.health is health:
            await self._send(messages.tick(position, self._now()))

    def _check_caller(self) -> None:
        """Close the connection, at the latest some seconds after, if the caller's key was revoked or session ended."""
        if time.monotonic() >= self._check_at:
            self._check_at = time.monotonic() + CHECK_SECONDS
            if not self._may_stay():
                raise Closing(NOT_ALLOWED, "the API key or session is no longer valid")

    async def _send(self, text: str) -> None:
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await self._socket.send_text(text)
        except TimeoutError:
            raise self._slow() from None

    def _slow(self) -> Closing:
        return Closing(TOO_SLOW, f"reads too slowly; resume with after={self._position}")
