"""The market streamer with ccxt.pro against a replay exchange, on a clock that the test moves."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from services.common.broker.open import open_broker
from services.common.broker.port import Broker
from services.common.broker.topology import RAW_MARKET_DATA
from services.common.clock import to_ms
from services.common.messages import MarketData, decode
from services.common.runtime.health import HealthReport
from services.common.settings.settings import BrokerKind, Settings
from services.data_ingestor.market.streamer import MarketStreamer
from services.replay_exchange.ccxt_config import ccxt_config
from tests.support.market.replay_bench import NOW, Bench, bench
from tests.support.waiting import until

MINUTE_MS = 60_000
FIRST_BAR = 20
"""The bar of the recording that forms at the beginning."""


class MarketBench:
    """A running streamer, the exchange that it streams from, and what it has published."""

    def __init__(self, exchange: Bench, service: MarketStreamer, queue: Broker) -> None:
        self.bench = exchange
        self.faults = exchange.exchange.faults
        self._service = service
        self._inbox = queue.subscribe(RAW_MARKET_DATA.name, 10_000)
        self._seen: list[MarketData] = []

    def candles(self, pair: str = "BTC/USDT") -> list[MarketData]:
        """What has been published of a pair, in the order published."""
        while deliveries := self._inbox.receive(1_000, 0.0):
            self._seen += [decode(delivery.body, MarketData) for delivery in deliveries]
            self._inbox.ack(deliveries)
        return [candle for candle in self._seen if candle.symbol == pair]

    def bars(self, pair: str = "BTC/USDT") -> list[int]:
        """The same as numbers of bars; checks that each has its own figures."""
        numbers = []
        for candle in self.candles(pair):
            number = FIRST_BAR + (candle.timestamp_ms - to_ms(NOW)) // MINUTE_MS
            figures = candle.data
            assert (figures.open, figures.high, figures.low, figures.close) == (
                100.0 + number,
                102.5 + number,
                99.25 + number,
                101.0 + number,
            )
            assert figures.volume == round(1.0 + number / 10, 1)
            numbers.append(number)
        return numbers

    def health(self) -> HealthReport:
        """What /health would say."""
        return self._service.health()

    def streams(self) -> list[str]:
        """The candle streams that are subscribed to now."""
        return sorted(
            name for socket in self.bench.exchange.status()["websockets"] for name in socket["streams"]
        )

    def forming(self) -> int:
        """The number of the bar that forms now."""
        return FIRST_BAR + (to_ms(self.bench.clock.now()) - to_ms(NOW)) // MINUTE_MS

    async def minutes_pass(self, count: int, *, each_published: bool = True) -> None:
        """Move the clock minute by minute, by default waiting for each closed candle."""
        for _ in range(count):
            self.bench.clock.advance(60)
            if each_published:
                await until(lambda: self.bars()[-1:] == [self.forming() - 1])


def settings_for(folder: Path, url: str, **changes: Any) -> Settings:
    """Settings of a streamer of the exchange at `url`, on the embedded broker."""
    defaults: dict[str, Any] = {
        "broker": BrokerKind.EMBEDDED,
        "state_dir": folder / "state",
        "exchange_config": ccxt_config(url),
        "trading_pairs": ("BTC/USDT", "ETH/USDT"),
        "market_silence": 3600.0,
    }
    return Settings(**(defaults | changes))


@asynccontextmanager
async def streaming(exchange: Bench, folder: Path, **changes: Any) -> AsyncIterator[MarketBench]:
    """A streamer that has started, in a thread, until the block ends."""
    settings = settings_for(folder, exchange.exchange.base_url, **changes)
    queue = open_broker(settings, exchange.clock)
    queue.start()
    service = MarketStreamer(settings, open_broker(settings, exchange.clock), exchange.clock)
    stop = threading.Event()
    try:
        await asyncio.to_thread(service.start)
        running = asyncio.create_task(asyncio.to_thread(service.run, stop))
        try:
            yield MarketBench(exchange, service, queue)
        finally:
            stop.set()
            await running
    finally:
        await asyncio.to_thread(service.close)
        queue.close()


def play(folder: Path, scenario: Callable[[MarketBench], Awaitable[None]], **changes: Any) -> None:
    """Play a scenario with a streamer of both pairs on forty recorded minutes, twenty of which have passed."""

    def all_have_begun(one: MarketBench) -> bool:
        pairs = settings_for(folder, "http://127.0.0.1:9", **changes).trading_pairs
        return len(one.streams()) == len(pairs) and all(one.bars(pair) == [FIRST_BAR - 1] for pair in pairs)

    async def run() -> None:
        async with bench(folder) as exchange, streaming(exchange, folder, **changes) as one:
            await until(lambda: all_have_begun(one))
            await scenario(one)

    asyncio.run(run())
