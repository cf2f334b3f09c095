"""A server on loopback that answers what a recorder asks as Freqtrade does, and says what a test has it say."""

from __future__ import annotations

import asyncio
import base64
import json
import math
import secrets
import threading
from collections import Counter
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from aiohttp import WSMsgType, web

from services.common.clock import to_ms

USER, PASSWORD, TOKEN = "cryptoboy", secrets.token_urlsafe(12), secrets.token_urlsafe(12)
_DIGITS = 10


class FreqtradeServer:
    """Runs in a thread while its `with` block does. Instants are in UTC.

    Attributes:
        started: when the bot started; None if it never did.
        methods: the HTTP methods that were used.
        asked: the number of requests by the last part of their path.
        listeners: the number of WebSocket clients that have subscribed.
    """

    def __init__(self, started: datetime | None) -> None:
        self.started, self.listeners, self.methods = started, 0, set[str]()
        self.asked = Counter[str]()
        self._frames: dict[str, dict[int, dict[str, Any]]] = {}
        self._trades: dict[int, dict[str, Any]] = {}
        self._sockets: set[web.WebSocketResponse] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self.port: int = asyncio.run_coroutine_threadsafe(self._serve(), self._loop).result(30)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def analyse(
        self, pair: str, opened: datetime, values: dict[str, Any], asked: dict[str, Any] | None = None
    ) -> None:
        """The strategy has analysed a row, which REST shows as `asked` if it was analysed again since."""
        self._frames.setdefault(pair, {})[to_ms(opened)] = asked or values
        told = {name: _rounded(value) for name, value in values.items()}
        frame = {"columns": ["date", *told], "index": [0], "data": [[to_ms(opened), *told.values()]]}
        df = {"__type__": "dataframe", "__value__": json.dumps(frame)}
        self.send({"type": "analyzed_df", "data": {"key": [pair, "1m", "spot"], "df": df, "la": "now"}})
        self.send({"type": "new_candle", "data": [pair, "1m", "spot"]})

    def trade(
        self, trade_id: int, *, closed: datetime | None = None, message: str = "", **fields: Any
    ) -> None:
        """A trade is as said from now on."""
        self._trades[trade_id] = {
            "trade_id": trade_id,
            "pair": "BTC/USDT",
            "is_open": closed is None,
            "open_timestamp": 1_700_000_000_000,
            "close_timestamp": to_ms(closed) if closed else None,
            "open_rate": 100.0,
            "stake_amount": 50.0,
            "current_rate": 101.0,
            "stop_loss_abs": 97.0,
            "orders": [{"ft_order_side": "buy", "filled": 0.5}],
            **fields,
        }
        if message:
            self.send({"type": message, "trade_id": trade_id})

    def delete(self, trade_id: int) -> None:
        """Somebody deletes a trade, which Freqtrade sends no message about."""
        del self._trades[trade_id]

    def send(self, message: dict[str, Any]) -> None:
        """Send a message to all that have subscribed."""
        for each in tuple(self._sockets):
            asyncio.run_coroutine_threadsafe(each.send_str(json.dumps(message)), self._loop).result(30)

    def drop(self) -> None:
        """End all WebSocket connections."""
        for each in tuple(self._sockets):
            asyncio.run_coroutine_threadsafe(each.close(), self._loop).result(30)

    async def _serve(self) -> int:
        app = web.Application(middlewares=[self._guard])
        app.add_routes(
            [
                web.get("/api/v1/message/ws", self._messages),
                web.get("/api/v1/show_config", self._config),
                web.get("/api/v1/health", self._health),
                web.get("/api/v1/whitelist", self._whitelist),
                web.get("/api/v1/status", self._status),
                web.get("/api/v1/trades", self._closed),
                web.get("/api/v1/trade/{trade_id}", self._trade),
                web.get("/api/v1/pair_candles", self._candles),
            ]
        )
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        return int(self._runner.addresses[0][1])

    @web.middleware
    async def _guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.methods.add(request.method)
        if request.path.endswith("/ws"):
            allowed = request.query.get("token") == TOKEN
            status = web.HTTPForbidden
        else:
            expected = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
            allowed = request.headers.get("Authorization") == f"Basic {expected}"
            status = web.HTTPUnauthorized  # type: ignore[assignment]
        if not allowed:
            raise status
        answer: web.StreamResponse = await handler(request)
        self.asked[request.path.rpartition("/")[2]] += 1
        return answer

    async def _messages(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            if message.type is WSMsgType.TEXT and message.json()["type"] == "subscribe":
                self._sockets.add(socket)
                self.listeners += 1
        self._sockets.discard(socket)
        self.listeners -= 1
        return socket

    async def _config(self, _request: web.Request) -> web.Response:
        return web.json_response({"bot_name": "cryptoboy", "timeframe": "1m"})

    async def _health(self, _request: web.Request) -> web.Response:
        seconds = self.started and int(self.started.timestamp())
        return web.json_response({"bot_start_ts": seconds, "bot_startup_ts": seconds})

    async def _whitelist(self, _request: web.Request) -> web.Response:
        return web.json_response({"whitelist": ["BTC/USDT"]})

    async def _status(self, _request: web.Request) -> web.Response:
        return web.json_response([each for each in self._trades.values() if each["is_open"]])

    async def _trade(self, request: web.Request) -> web.Response:
        found = self._trades.get(int(request.match_info["trade_id"]))
        if found is None:
            raise web.HTTPNotFound
        return web.json_response(found)

    async def _closed(self, request: web.Request) -> web.Response:
        limit, offset = int(request.query["limit"]), int(request.query["offset"])
        closed = [each for each in self._trades.values() if not each["is_open"]]
        closed.sort(key=lambda each: -each["close_timestamp"])
        return web.json_response({"trades": closed[offset : offset + limit]})

    async def _candles(self, request: web.Request) -> web.Response:
        rows = sorted(self._frames.get(request.query["pair"], {}).items())[-int(request.query["limit"]) :]
        own = list(rows[-1][1]) if rows else []
        return web.json_response(
            {
                "pair": request.query["pair"],
                "timeframe": request.query["timeframe"],
                "all_columns": ["date", *own] if rows else [],
                "columns": ["date", *own, "__date_ts"] if rows else [],
                "data": [["then", *(values.get(name) for name in own), at] for at, values in rows],
            }
        )


def _rounded(value: Any) -> Any:
    is_number = isinstance(value, float) and math.isfinite(value)
    return round(value, _DIGITS) if is_number else value
