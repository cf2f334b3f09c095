"""An exchange in memory that says exactly what a test lets it say, and a look at what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from services.common.clock import ManualClock, from_ms, to_ms
from services.common.messages import MarketData, decode
from services.data_ingestor.market.candles import Row
from services.data_ingestor.market.last_published import CandleMemory
from services.data_ingestor.market.pair_stream import PairStream
from services.data_ingestor.market.publisher import CandlePublisher
from services.data_ingestor.market.status import PairStatus
from tests.support.broker.news_broker import MemoryBroker

MINUTE = 60_000
START_MS = to_ms(datetime(2026, 11, 21, 12, 0, tzinfo=UTC))
PAIR = "BTC/USDT"


def open_ms(step: int) -> int:
    """When candle number `step` opens."""
    return START_MS + step * MINUTE


def row(step: int, close: float = 100.0, volume: float = 1.0) -> Row:
    """Candle number `step`, flat at `close`."""
    return (open_ms(step), close, close, close, close, volume)


class ScriptedExchange:
    """A `CandleSource`: `listed` is what REST lists, `tell` makes the stream say something.

    Attributes:
        failing: raised by REST while it is set.
        refusing: raised by the stream while it is set.
    """

    def __init__(self, clock: ManualClock) -> None:
        self.streams = True
        self.listed: list[Row] = []
        self.failing: Exception | None = None
        self.refusing: Exception | None = None
        self.restarts = 0
        self.asked: list[int | None] = []
        self._clock = clock
        self._told: asyncio.Queue[Sequence[Row]] = asyncio.Queue()

    def tell(self, *rows: Row) -> None:
        """What the stream says next."""
        self._told.put_nowait(rows)

    async def watch(self, pair: str) -> Sequence[Row]:  # noqa: ARG002 - one pair is enough here
        """See `CandleSource`."""
        if self.refusing is not None:
            raise self.refusing
        rows = await self._told.get()
        if self.refusing is not None:
            raise self.refusing
        return rows

    async def fetch(self, pair: str, since_ms: int | None, limit: int) -> Sequence[Row]:  # noqa: ARG002 - as above
        """See `CandleSource`."""
        self.asked.append(since_ms)
        await asyncio.sleep(0)
        if self.failing is not None:
            raise self.failing
        if since_ms is None:
            return self.listed[-limit:]
        return [one for one in self.listed if one[0] >= since_ms][:limit]

    def now_ms(self) -> int:
        """See `CandleSource`."""
        return to_ms(self._clock.now())

    async def restart(self, pair: str) -> None:  # noqa: ARG002 - as above
        """See `CandleSource`."""
        self.restarts += 1

    async def close(self) -> None:
        """See `CandleSource`."""


class Stage:
    """One pair between a scripted exchange and a broker in memory."""

    def __init__(self, folder: Path, *, silence: float = 60.0) -> None:
        self.clock = ManualClock(from_ms(START_MS))
        self.exchange = ScriptedExchange(self.clock)
        self.broker = MemoryBroker()
        self.memory = CandleMemory(folder, "binance", "1m")
        self.status = PairStatus()
        self.publisher = CandlePublisher(
            self.broker, self.memory, exchange="binance", timeframe="1m", clock=self.clock
        )
        self.stream = PairStream(
            PAIR,
            MINUTE,
            self.exchange,
            self.publisher,
            silence=silence,
            clock=self.clock,
            status=self.status,
        )

    @property
    def candles(self) -> list[MarketData]:
        """What the broker has, as a consumer reads it."""
        return [decode(message.body, MarketData) for message in list(self.broker.stored)]

    @property
    def steps(self) -> list[int]:
        """The numbers of the candles that the broker has."""
        return [(candle.timestamp_ms - START_MS) // MINUTE for candle in self.candles]

    def at(self, step: int, into_seconds: float = 0) -> None:
        """Set the clock to so many seconds into candle number `step`."""
        goal_ms = open_ms(step) + into_seconds * 1000
        self.clock.advance((goal_ms - to_ms(self.clock.now())) / 1000)

    async def follow(self, step: int, close: float = 100.0, *, listed: bool = True) -> None:
        """The stream tells of candle `step` from its beginning to its end; REST lists it too, or not."""
        for into_seconds, volume in ((0.001, 0.0), (59, 1.0)):
            self.at(step, into_seconds)
            told = row(step, close, volume)
            if listed:
                others = (one for one in self.exchange.listed if one[0] != told[0])
                self.exchange.listed = [*others, told]
            self.exchange.tell(told)
            await settle()


async def settle() -> None:
    """Let everything that is ready run."""
    for _ in range(20):
        await asyncio.sleep(0)


def play(stage: Stage, scenario: Callable[[], Awaitable[None]]) -> None:
    """Run the pair's stream while the scenario plays, then end both."""

    async def run() -> None:
        streaming = asyncio.create_task(stage.stream.run())
        playing = asyncio.ensure_future(scenario())
        await asyncio.wait({streaming, playing}, return_when=asyncio.FIRST_COMPLETED)
        for task in (streaming, playing):
            task.cancel()
        results = await asyncio.gather(streaming, playing, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                raise result

    try:
        asyncio.run(run())
    finally:
        stage.publisher.close()
