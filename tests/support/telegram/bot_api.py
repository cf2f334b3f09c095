"""A Bot API server of our own on loopback, with the failures that Telegram and networks have."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from aiohttp import web

from tests.support.telegram.chats import Answer, Chats, refused, result
from tests.support.waiting import PATIENCE_SECONDS

TOKEN = "4242:AA-a_token-of-these-tests-0123456789abc"
_LOOK_SECONDS = 0.01


class Fault(StrEnum):
    """What happens to a request instead of an answer."""

    CUT = "cut"  # the connection is closed before anything is done
    CUT_AFTER = "cut_after"  # it is done, and the connection is closed
    GARBAGE = "garbage"  # status 200 with a page in HTML
    BAD_GATEWAY = "bad_gateway"
    HANG = "hang"  # no answer until the server ends
    FLOOD = "flood"  # status 429
    REFUSED = "refused"  # status 400
    CONFLICT = "conflict"  # another program asks for updates


@dataclass(frozen=True)
class Planned:
    """A fault of the next request of one method; `confirms`: of the next that confirms updates."""

    method: str
    fault: Fault
    seconds: int = 1
    confirms: bool = False

    def meets(self, method: str, given: dict[str, str]) -> bool:
        """Whether it happens to this request."""
        return self.method == method and (not self.confirms or "offset" in given)


class BotApi:
    """The server of one bot.

    Attributes:
        url: what NOTIFY_TELEGRAM_API is set to.
        chats: its state, where people write and press, and where the messages of the bot arrive.
        calls: each request that came, as (method, what was given), in order.
        away: while set, every connection is closed at once.
        flood: while it is not 0, each request is answered with status 429 and the wish to wait so many seconds.
        token: the token that is accepted.
        ended: set when the server ends, so that no request waits longer.
    """

    def __init__(self) -> None:
        self.chats = Chats()
        self.calls: list[tuple[str, dict[str, str]]] = []
        self.away = threading.Event()
        self.flood = 0
        self.token = TOKEN
        self.url = ""
        self._planned: deque[Planned] = deque()
        self._poll = 0
        self.ended = asyncio.Event()

    def plan(
        self, method: str, fault: Fault, *, times: int = 1, seconds: int = 1, confirms: bool = False
    ) -> None:
        """Let the next requests of a method fail; with FLOOD, `seconds` is what the answer asks to wait."""
        self._planned.extend([Planned(method, fault, seconds, confirms)] * times)

    def recover(self) -> None:
        """No request fails any more."""
        self._planned.clear()

    def called(self, method: str) -> list[dict[str, str]]:
        """What was given with each request of a method."""
        return [given for name, given in self.calls if name == method]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        token, method = request.match_info["token"], request.match_info["method"]
        given = {name: str(value) for name, value in (await request.post()).items()}
        if self.away.is_set():
            return _cut(request)
        if token != self.token:
            return _json(refused(401, "Unauthorized") if ":" in token else refused(404, "Not Found"))
        with self.chats.changed:
            self.calls.append((method, given))
            self.chats.changed.notify_all()
        planned = next((each for each in self._planned if each.meets(method, given)), None)
        if self.flood:
            planned = Planned(method, Fault.FLOOD, self.flood)
        elif planned is not None:
            self._planned.remove(planned)
        if planned is not None:
            return await self._fail(planned, request, method, given)
        return _json(await self._done(method, given))

    async def _done(self, method: str, given: dict[str, str]) -> Answer:
        return await self._updates(given) if method == "getUpdates" else self.chats.answer(method, given)

    async def _updates(self, given: dict[str, str]) -> Answer:
        """Wait for updates as long as was asked for. A later request of this kind ends an earlier one."""
        if self.chats.webhook:
            return refused(409, "Conflict: can't use getUpdates method while webhook is active")
        self._poll += 1
        own = self._poll
        ends = asyncio.get_running_loop().time() + float(given.get("timeout", 0))
        while True:
            if own != self._poll:
                return refused(409, "Conflict: terminated by other getUpdates request")
            found = self.chats.waiting(int(given.get("offset", 0)), int(given.get("limit", 100)))
            if found or self.ended.is_set() or asyncio.get_running_loop().time() >= ends:
                return result(found)
            await asyncio.sleep(_LOOK_SECONDS)

    async def _fail(
        self, planned: Planned, request: web.Request, method: str, given: dict[str, str]
    ) -> web.StreamResponse:
        if planned.fault is Fault.CUT_AFTER:
            await self._done(method, given)
        if planned.fault in {Fault.CUT, Fault.CUT_AFTER}:
            return _cut(request)
        if planned.fault is Fault.HANG:
            await self.ended.wait()
            return _cut(request)
        if planned.fault is Fault.FLOOD:
            text = f"Too Many Requests: retry after {planned.seconds}"
            return _json(refused(429, text, retry_after=planned.seconds))
        if planned.fault is Fault.REFUSED:
            return _json(refused(400, "Bad Request: message is too long"))
        if planned.fault is Fault.CONFLICT:
            return _json(refused(409, "Conflict: terminated by other getUpdates request"))
        status = 502 if planned.fault is Fault.BAD_GATEWAY else 200
        return web.Response(status=status, text="<html>not the Bot API</html>", content_type="text/html")


@contextmanager
def bot_api() -> Iterator[BotApi]:
    """Run a server during the block."""
    api, ready, loop = BotApi(), threading.Event(), asyncio.new_event_loop()

    async def serve() -> None:
        app = web.Application()
        app.router.add_post("/bot{token:[^/]*}/{method}", api.answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        address = runner.addresses[0]
        api.url = f"http://127.0.0.1:{address[1]}"
        ready.set()
        await api.ended.wait()
        await runner.cleanup()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), name="bot-api", daemon=True)
    thread.start()
    assert ready.wait(PATIENCE_SECONDS)
    try:
        yield api
    finally:
        loop.call_soon_threadsafe(api.ended.set)
        thread.join()
        loop.close()


def _json(answer: Answer) -> web.Response:
    status, body = answer
    return web.Response(status=status, text=json.dumps(body), content_type="application/json")


def _cut(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:  # the client may have gone
        request.transport.abort()
    return web.Response()
