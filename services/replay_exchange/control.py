"""The operator's endpoints under /replay/ for status, request log and faults. Binance has no such endpoints."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.common.clock import Clock, from_ms, to_ms
from services.replay_exchange.answers import Json
from services.replay_exchange.faults import FaultSwitches
from services.replay_exchange.market import Market
from services.replay_exchange.replay import Replay
from services.replay_exchange.request_log import CAPACITY, RequestLog
from services.replay_exchange.sockets import Sockets

PREFIX = "/replay/"


class _LogQuery(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str = ""
    after: Annotated[int, Field(ge=0)] = 0
    limit: Annotated[int, Field(ge=0)] = CAPACITY


class Control:
    """The request handlers of the control endpoints."""

    def __init__(
        self,
        replay: Replay,
        sockets: Sockets,
        faults: FaultSwitches,
        requests: RequestLog,
        clock: Clock,
        *,
        read_only: bool = False,
    ) -> None:
        self._replay = replay
        self._sockets = sockets
        self._faults = faults
        self._requests = requests
        self._clock = clock
        self._read_only = read_only

    def routes(self) -> list[web.RouteDef]:
        """Return the routes to add to a web application."""
        reading = [
            web.get(f"{PREFIX}status", self._get_status),
            web.get(f"{PREFIX}requests", self._get_requests),
            web.get(f"{PREFIX}faults", self._get_faults),
        ]
        if self._read_only:
            return reading
        return [
            *reading,
            web.post(f"{PREFIX}faults", self._post_faults),
            web.delete(f"{PREFIX}faults", self._delete_faults),
        ]

    def status(self) -> Json:
        """Return the replay's state as JSON values. `recording_now` is the recorded time that is replayed now."""
        now_ms = to_ms(self._clock.now())
        timeline = self._replay.timeline
        return {
            "now": from_ms(now_ms).isoformat(),
            "recording_now": from_ms(timeline.to_recording(now_ms)).isoformat(),
            "shift_ms": timeline.shift_ms,
            "ended": self._replay.end_ms is not None and now_ms >= self._replay.end_ms,
            "markets": [_market_status(market, now_ms) for market in self._replay.markets.values()],
            "websockets": self._sockets.describe(),
            "requests": self._requests.total,
            "faults": self._faults.current.model_dump(mode="json"),
        }

    async def _get_status(self, _request: web.Request) -> web.Response:
        return web.json_response(self.status())

    async def _get_requests(self, request: web.Request) -> web.Response:
        try:
            query = _LogQuery.model_validate(dict(request.query))
        except ValidationError as error:
            return _refusal(error)
        entries = self._requests.entries(path=query.path, after=query.after, limit=query.limit)
        return web.json_response(
            {"total": self._requests.total, "requests": [entry.as_json() for entry in entries]}
        )

    async def _get_faults(self, _request: web.Request) -> web.Response:
        return self._faults_answer()

    async def _post_faults(self, request: web.Request) -> web.Response:
        try:
            changes = json.loads(await request.text())
        except json.JSONDecodeError as error:
            return web.json_response({"error": f"the body is not JSON: {error}"}, status=400)
        if not isinstance(changes, dict):
            return web.json_response({"error": "the body must be a JSON object of faults"}, status=400)
        drop = changes.pop("drop_websockets", False)
        try:
            self._faults.switch(**changes)
        except ValidationError as error:
            return _refusal(error)
        if drop:
            self._sockets.drop()
        return self._faults_answer()

    async def _delete_faults(self, _request: web.Request) -> web.Response:
        self._faults.clear()
        return self._faults_answer()

    def _faults_answer(self) -> web.Response:
        return web.json_response(self._faults.current.model_dump(mode="json"))


def _market_status(market: Market, now_ms: int) -> Mapping[str, object]:
    recorded = int(market.series.opens.size)
    return {
        "pair": market.series.pair,
        "symbol": market.symbol,
        "candles": recorded,
        "first_open": from_ms(market.start_ms).isoformat() if recorded else None,
        "last_close": from_ms(market.end_ms).isoformat() if recorded else None,
        "replaying": market.is_replaying(now_ms),
        "last_price": market.last_price(now_ms),
    }


def _refusal(error: ValidationError) -> web.Response:
    mistakes = [f"{'.'.join(map(str, mistake['loc']))}: {mistake['msg']}" for mistake in error.errors()]
    return web.json_response({"error": "; ".join(mistakes)}, status=400)
