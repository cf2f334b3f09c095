"""Streams the closed candles of all pairs from the exchange to the broker."""

from __future__ import annotations

import asyncio
import threading

import structlog

from services.common.broker.port import Broker
from services.common.clock import Clock
from services.common.errors import NeverWorks, StopProgram, TryLater
from services.common.runtime.health import DependencyHealth, HealthReport
from services.common.runtime.metrics import STREAM_LAST_HEARD
from services.common.runtime.work import CallsInProgress
from services.common.settings.settings import Settings
from services.common.values import timeframe_seconds
from services.data_ingestor.market.ccxt.candles import CcxtCandles
from services.data_ingestor.market.last_published import CandleMemory
from services.data_ingestor.market.left_out import LOOK_AGAIN_SECONDS, LeftOut
from services.data_ingestor.market.pair_stream import PairStream
from services.data_ingestor.market.publisher import CandlePublisher
from services.data_ingestor.market.status import Component, PairStatus

log = structlog.get_logger(__name__)

NAME = "market_streamer"
STOP_POLL_SECONDS = 0.1
FAILED_PAUSE_SECONDS = 30.0
OPEN_SECONDS = 120.0
"""The maximum time for reading the exchange's clock and markets. This takes several requests, each of which has its
own timeout too."""


class MarketStreamer:
    """The market streamer; see `runner.Service`.

    The exchange is called from one event loop with a task for each pair, and the broker from a separate thread.

    Args:
        settings: the exchange, pairs, timeframe, silence limit and state folder.
        broker: the broker to which candles are published; it is closed with the service.
        clock: the wall clock.
    """

    def __init__(self, settings: Settings, broker: Broker, clock: Clock) -> None:
        self._settings = settings
        self._broker = broker
        self._clock = clock
        self._source = CcxtCandles(
            settings.exchange, settings.exchange_config.get_secret_value(), settings.candle_timeframe, clock
        )
        self._publisher: CandlePublisher | None = None
        self._statuses = {pair: PairStatus() for pair in settings.market_pairs}
        self._left_out = LeftOut(self._statuses)
        self._reached = False
        self.work = CallsInProgress()
        self._loop = asyncio.Runner()

    def start(self) -> None:
        """See `Service.start`."""
        if self._publisher is None:
            memory = CandleMemory(
                self._settings.state_dir, self._settings.exchange, self._settings.candle_timeframe
            )
            self._publisher = CandlePublisher(
                self._broker,
                memory,
                exchange=self._settings.exchange,
                timeframe=self._settings.candle_timeframe,
                clock=self._clock,
                work=self.work,
            )
        self._broker.start()
        if self._statuses:
            with self.work.doing("asking the exchange for its markets", OPEN_SECONDS):
                self._left_out.note(self._loop.run(self._source.open(self._settings.market_pairs)))
            self._reached = True

    def run(self, stop: threading.Event) -> None:
        """See `Service.run`."""
        if self._publisher is None:
            raise RuntimeError("run before start")
        log.info(
            "streaming",
            exchange=self._settings.exchange,
            pairs=list(self._statuses),
            not_streamed=[name for name in self._settings.trading_pairs if name not in self._statuses],
            timeframe=self._settings.candle_timeframe,
            via="websocket" if self._source.streams else "rest",
        )
        if self._source.streams:
            for pair in self._statuses:
                STREAM_LAST_HEARD.labels(pair).set(self._clock.now().timestamp())
        self._loop.run(self._stream(self._publisher, stop))

    async def _stream(self, publisher: CandlePublisher, stop: threading.Event) -> None:
        tasks = [
            asyncio.create_task(self._keep_streaming(pair, publisher), name=pair) for pair in self._statuses
        ]
        tasks.append(asyncio.create_task(self._look_again(), name="look again"))
        ended: set[asyncio.Task[None]] = set()
        while not (stop.is_set() or ended):
            with self.work.doing("an iteration of the event loop", STOP_POLL_SECONDS):
                ended, _ = await asyncio.wait(
                    tasks, timeout=STOP_POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
        pending = set(tasks)
        while pending:  # repeatedly, as a library may swallow a cancellation
            for task in pending:
                task.cancel()
            _, pending = await asyncio.wait(pending, timeout=1.0)
        await self._source.close()
        for task in ended:
            task.result()  # raises what ended it: no task ends without an error

    async def _keep_streaming(self, pair: str, publisher: CandlePublisher) -> None:
        while True:
            await self._left_out.until_offered(pair)
            stream = PairStream(
                pair,
                timeframe_seconds(self._settings.candle_timeframe) * 1000,
                self._source,
                publisher,
                silence=self._settings.market_silence,
                clock=self._clock,
                status=self._statuses[pair],
            )
            try:
                self._statuses[pair].clear_problem(Component.PROGRAM)
                await stream.run()
            except StopProgram:
                raise
            except Exception as error:  # a defect that shows in one pair must not stop the others
                log.exception("pair_failed", pair=pair, retry_in_seconds=FAILED_PAUSE_SECONDS)
                self._statuses[pair].set_problem(Component.PROGRAM, f"{type(error).__name__}: {error}")
            await self._source.restart(pair)
            await asyncio.sleep(FAILED_PAUSE_SECONDS)

    async def _look_again(self) -> None:
        """Check periodically whether pairs that could not be streamed are offered again, and then stream them."""
        while True:
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
            if not self._left_out.pairs:
                continue
            try:
                self._left_out.note(await self._source.look_again(self._left_out.pairs))
            except (TryLater, NeverWorks) as error:
                log.warning("markets_not_listed", error=str(error), retry_in_seconds=LOOK_AGAIN_SECONDS)

    def health(self) -> HealthReport:
        """Return the state of the broker, of the exchange, and of each pair's stream with its last candle."""
        streams = {f"stream:{pair}": status.health() for pair, status in self._statuses.items()}
        return {"broker": self._broker.health(), "exchange": self._exchange_health(streams), **streams}

    def _exchange_health(self, streams: HealthReport) -> DependencyHealth:
        name = self._settings.exchange
        if not self._statuses:
            return DependencyHealth(
                ok=True, detail="not asked: TRADING_PAIRS has assets and no pair to stream"
            )
        if not self._reached:
            return DependencyHealth(ok=False, detail=f"{name} has not been reached yet")
        working = sum(state.ok for state in streams.values())
        return DependencyHealth(ok=working > 0, detail=f"{name}: {working} of {len(streams)} pairs work")

    def close(self) -> None:
        """See `Service.close`."""
        self._loop.run(self._source.close())
        self._loop.close()
        if self._publisher is not None:
            self._publisher.close()
        else:
            self._broker.close()
