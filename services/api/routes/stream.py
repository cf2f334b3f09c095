"""`/v1/stream`: a WebSocket with what happens, as it happens."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, WebSocket

from services.api.problems import Problem
from services.api.routes.common import Asked, Pair
from services.api.stream.client import StreamClient
from services.api.stream.feed import Feed
from services.api.stream.subscription import MOST_NAMES, Subscription
from services.common.errors import CryptoBoyError
from services.common.history.rows import Kind
from services.common.runtime.metrics import STREAM_CLIENTS, STREAM_CLOSED

MOST_CLIENTS = 400

router = APIRouter()
Names = Annotated[list[Annotated[str, Query(max_length=100)]] | None, Query(max_length=MOST_NAMES)]


@router.websocket("/v1/stream")
async def stream(
    socket: WebSocket,
    asked: Asked,
    *,
    kind: Annotated[list[Kind] | None, Query()] = None,
    pair: Annotated[list[Pair] | None, Query(max_length=MOST_NAMES)] = None,
    source: Names = None,
    after: Annotated[int | None, Query(ge=0, le=2**63 - 1)] = None,
) -> None:
    """Send what the client subscribes to, from now on or from after a cursor."""
    feed: Feed = socket.app.state.feed
    try:
        await feed.start()
    except CryptoBoyError:
        detail = "the history cannot be read now; its state stands in /v1/health"
        problem = Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, "unavailable", headers={"Retry-After": "5"})
        await socket.send_denial_response(problem.response())
        return
    clients = socket.app.state.stream_clients
    if len(clients) >= MOST_CLIENTS:
        problem = Problem(HTTPStatus.SERVICE_UNAVAILABLE, "the stream has too many clients", "busy")
        await socket.send_denial_response(problem.response())
        return
    wanted = Subscription(
        kinds=frozenset(kind or ()), pairs=frozenset(pair or ()), sources=frozenset(source or ())
    )
    caller, rules = socket.state.caller, socket.app.state.rules
    await socket.accept()
    client = StreamClient(socket, feed, wanted, now=asked.now, may_stay=lambda: rules.may_stay(caller))
    clients.add(client)
    STREAM_CLIENTS.set(len(clients))
    try:
        reason = await client.serve(after)
    finally:
        clients.discard(client)
        STREAM_CLIENTS.set(len(clients))
    STREAM_CLOSED.labels(reason).inc()
