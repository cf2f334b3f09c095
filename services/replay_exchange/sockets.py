"""The websocket endpoint: the open connections, their subscriptions, and the sending of events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from services.common.clock import Clock, to_ms
from services.replay_exchange.answers import Json
from services.replay_exchange.faults import FaultSwitches
from services.replay_exchange.frames import Subscriptions, answer_frame
from services.replay_exchange.market import Market
from services.replay_exchange.request_log import WEBSOCKET, RequestLog
from services.replay_exchange.streams import Cursor, Stream, begin, due, parse_stream

log = structlog.get_logger(__name__)

_FRAME_SHOWN = 200


class Connection:
    """The connection of one client, with its subscriptions and the position reached in each stream."""

    def __init__(self, response: web.WebSocketResponse, request: web.Request, opened: datetime) -> None:
        self.response = response
        self.path = request.path
        self._transport = request.transport
        self.opened = opened
        self.subscriptions = Subscriptions()
        self._streams: dict[str, tuple[Stream, Cursor]] = {}

    def subscribe(self, subscriptions: Subscriptions, now_ms: int) -> None:
        """Replace the subscriptions. Streams that were already subscribed continue at their position."""
        self.subscriptions = subscriptions
        kept = {name: place for name, place in self._streams.items() if name in subscriptions.names}
        for name in subscriptions.names:
            if name not in kept and (stream := parse_stream(name)):
                kept[name] = stream, begin(stream, now_ms)
        self._streams = kept

    def cut(self) -> None:
        """Disconnect at once, without a close frame."""
        if self._transport is not None:
            self._transport.abort()

    def take_due(self, markets: Mapping[str, Market], now_ms: int, faults: FaultSwitches) -> list[Json]:
        """Return the events to send now. Each event is returned only once."""
        events: list[Json] = []
        for name, (stream, cursor) in self._streams.items():
            market = markets.get(stream.symbol)
            if market is None or (stream.interval and not market.offers(stream.interval)):
                continue
            fresh, after = due(stream, market, cursor, now_ms, faults.current)
            self._streams[name] = stream, after
            combined = self.subscriptions.combined
            events.extend({"stream": name, "data": event} if combined else event for event in fresh)
        return events


class Sockets:
    """All websocket connections of an exchange."""

    def __init__(
        self,
        markets: Mapping[str, Market],
        faults: FaultSwitches,
        requests: RequestLog,
        clock: Clock,
        poll_seconds: float,
    ) -> None:
        self._markets = markets
        self._faults = faults
        self._requests = requests
        self._clock = clock
        self._poll_seconds = poll_seconds
        self._connections: set[Connection] = set()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection, from the handshake until it closes."""
        if self._faults.current.refuse_websockets:
            return web.Response(status=503, text="Service Unavailable")
        response = web.WebSocketResponse()
        await response.prepare(request)
        self._note(request.path, dict(request.query), 101)
        connection = Connection(response, request, self._clock.now())
        combined = request.path == "/stream"
        connection.subscribe(Subscriptions(_names_in_url(request), combined), self._now_ms())
        self._connections.add(connection)
        pump = asyncio.create_task(self._pump(connection))
        try:
            async for message in response:
                if message.type in {WSMsgType.TEXT, WSMsgType.BINARY}:
                    await self._on_frame(connection, message.data)
        except ConnectionResetError:
            log.debug("websocket_gone", path=connection.path)
        finally:
            self._connections.discard(connection)
            pump.cancel()
        return response

    def drop(self) -> int:
        """Disconnect every client without a close frame; return the number of clients that were connected."""
        dropped = list(self._connections)
        for connection in dropped:
            connection.cut()
        log.info("websockets_dropped", count=len(dropped))
        return len(dropped)

    async def close(self) -> None:
        """Close every connection with a close frame."""
        closing = (
            connection.response.close(code=WSCloseCode.GOING_AWAY) for connection in list(self._connections)
        )
        await asyncio.gather(*closing, return_exceptions=True)

    def describe(self) -> list[Json]:
        """Return a description of each open connection."""
        return [
            {
                "path": connection.path,
                "opened": connection.opened.isoformat(),
                "streams": list(connection.subscriptions.names),
            }
            for connection in self._connections
        ]

    async def _pump(self, connection: Connection) -> None:
        try:
            while True:
                await self._send(connection, connection.take_due(self._markets, self._now_ms(), self._faults))
                await asyncio.sleep(self._poll_seconds)
        except ConnectionResetError:
            log.debug("websocket_gone", path=connection.path)
        except Exception:  # the connection ends, the exchange goes on, and the log says why
            log.exception("websocket_failed", path=connection.path)
            connection.cut()

    async def _on_frame(self, connection: Connection, data: str | bytes) -> None:
        text = data if isinstance(data, str) else data.decode(errors="replace")
        answer, subscriptions, frame = answer_frame(text, connection.subscriptions)
        if frame is None:
            log.warning("malformed_frame", frame=text[:_FRAME_SHOWN], answer=answer["msg"])
            self._note("", {"frame": text[:_FRAME_SHOWN]}, 400)
        else:
            self._note(frame.method, {"params": list(frame.params), "id": frame.id}, 200)
        await self._send(connection, [answer])
        self._warn_of_silent_streams(connection, subscriptions)
        connection.subscribe(subscriptions, self._now_ms())

    async def _send(self, connection: Connection, payloads: list[Json]) -> None:
        if self._faults.current.silent_websockets:
            return
        for payload in payloads:
            await connection.response.send_str(json.dumps(payload))

    def _warn_of_silent_streams(self, connection: Connection, subscriptions: Subscriptions) -> None:
        for name in set(subscriptions.names) - set(connection.subscriptions.names):
            stream = parse_stream(name)
            if stream is None or stream.symbol not in self._markets:
                log.warning("stream_not_replayed", stream=name)

    def _note(self, path: str, query: dict[str, Any], status: int) -> None:
        self._requests.add(
            at=self._clock.now(), method=WEBSOCKET, path=path, query=query, status=status, duration_ms=0.0
        )

    def _now_ms(self) -> int:
        return to_ms(self._clock.now())


def _names_in_url(request: web.Request) -> tuple[str, ...]:
    """Return the streams that the URL names, as in /stream?streams=a/b or /ws/a.

    Names without `@` are ignored, because ccxt puts numbers there.
    """
    named = request.query["streams"].split("/") if "streams" in request.query else []
    named.append(request.match_info.get("name", ""))
    return tuple(name for name in named if "@" in name)
