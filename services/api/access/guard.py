"""The middleware that lets a request in or refuses it. It stands before every route, so none can forget it."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.api.access.rules import READING_METHODS, AccessRules
from services.api.problems import Problem
from services.common.errors import StopProgram

MOST_BYTES = 256 * 1024
BODY_SECONDS = 10.0


class Guard:
    """Admits requests by the access rules, and bounds their bodies. Handlers find the caller in `state.caller`."""

    def __init__(self, app: ASGIApp, rules: AccessRules) -> None:
        self._app = app
        self._rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on if it is allowed, else answer it with a problem."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        try:
            caller = self._rules.admit(connection)
            scope.setdefault("state", {})["caller"] = caller
            if scope["type"] == "http" and scope["method"] not in READING_METHODS:
                receive = await _read_first(connection, receive)
        except Problem as problem:
            await _refuse(problem, scope, receive, send)
            return
        except StopProgram:
            detail = "the API cannot read its keys (API_KEYS_FILE); its log says why"
            await _refuse(Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, "keys"), scope, receive, send)
            return
        await self._app(scope, receive, send)


async def _refuse(problem: Problem, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()  # websocket.connect, which is refused with an HTTP answer
    await problem.response()(scope, receive, send)


async def _read_first(connection: HTTPConnection, receive: Receive) -> Receive:
    """Read the whole body, and return a `receive` that gives it again. Raises Problem if it is too long or too slow."""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            body = await _body(connection, receive)
    except TimeoutError:
        raise Problem(
            HTTPStatus.REQUEST_TIMEOUT, f"the body did not come within {BODY_SECONDS:.0f} s", "slow-body"
        ) from None
    left = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return left.pop() if left else await receive()

    return receive_again


async def _body(connection: HTTPConnection, receive: Receive) -> bytes:
    announced = connection.headers.get("content-length", "0")
    length = int(announced) if announced.isdecimal() else 0
    parts: list[bytes] = []
    more = length <= MOST_BYTES
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        length = sum(map(len, parts))
        more = message.get("more_body", False) and length <= MOST_BYTES
    if length > MOST_BYTES:
        detail = f"the body of a request may have {MOST_BYTES:,} bytes"
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail, "too-large")
    return b"".join(parts)
