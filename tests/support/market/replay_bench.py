"""A running replay exchange with a clock that the test moves, and a client on the network."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse

from services.common.clock import ManualClock
from services.replay_exchange.replay import ReplayOptions
from services.replay_exchange.server import ReplayExchange
from tests.support.market.replay_samples import RECORDED, rising_bars, series_of, write_feather

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PATIENCE_SECONDS = 20
MINUTE_STREAM = "btcusdt@kline_1m"


class Bench:
    """A running exchange with its clock, and a client."""

    def __init__(self, exchange: ReplayExchange, clock: ManualClock, session: ClientSession) -> None:
        self.exchange = exchange
        self.clock = clock
        self.session = session

    async def get(self, path: str, **query: str) -> tuple[int, Any]:
        async with self.session.get(self.exchange.base_url + path, params=query) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if answer.content_type == "application/json" else text

    async def post_faults(self, body: str) -> tuple[int, Any]:
        async with self.session.post(f"{self.exchange.base_url}/replay/faults", data=body) as answer:
            return answer.status, await answer.json()

    async def connect(self, path: str = "/stream/ws") -> ClientWebSocketResponse:
        return await self.session.ws_connect(self.exchange.base_url + path)

    async def subscribe(self, *streams: str) -> ClientWebSocketResponse:
        socket = await self.connect()
        await socket.send_json({"method": "SUBSCRIBE", "params": list(streams), "id": 1})
        assert await receive(socket) == {"result": None, "id": 1}
        return socket


async def receive(socket: ClientWebSocketResponse) -> Any:
    return await socket.receive_json(timeout=PATIENCE_SECONDS)


def run(directory: Path, scenario: Callable[[Bench], Awaitable[None]]) -> None:
    """Play a scenario on forty recorded minutes of which twenty have passed."""

    async def play() -> None:
        async with bench(directory) as one:
            await scenario(one)

    asyncio.run(play())


@asynccontextmanager
async def bench(directory: Path) -> AsyncIterator[Bench]:
    for pair in ("BTC/USDT", "ETH/USDT"):
        write_feather(series_of(rising_bars(40), pair=pair), directory)
    start = datetime.fromtimestamp(RECORDED / 1000, UTC) + timedelta(minutes=20)
    clock = ManualClock(NOW)
    options = ReplayOptions(candles=directory, start=start)
    async with (
        ReplayExchange(options, clock=clock, poll_seconds=0.005) as exchange,
        ClientSession() as session,
    ):
        yield Bench(exchange, clock, session)
