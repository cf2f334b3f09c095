"""Streams the candles of one pair from the exchange to the broker in one task."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import structlog

from services.common.clock import Clock
from services.common.errors import NeverWorks, TryLater
from services.common.runtime.backoff import Backoff
from services.common.runtime.metrics import CANDLES_SKIPPED
from services.common.runtime.runner import count_error
from services.data_ingestor.market.candle_book import REACH, CandleBook, Publish
from services.data_ingestor.market.gap_filler import GapFiller
from services.data_ingestor.market.port import CandleSource
from services.data_ingestor.market.publisher import CandlePublisher
from services.data_ingestor.market.status import PairStatus
from services.data_ingestor.market.stream_listener import StreamListener

log = structlog.get_logger(__name__)

SERVICE = "market_streamer"
TICK_SECONDS = 0.5  # real seconds between two looks at the clock when the stream says nothing
STREAM_GRACE_MS = 10_000  # the allowed delay of the update that shows the previous candle is closed
POLL_GRACE_MS = 2_000  # the time after a candle's end at which REST is asked if there is no stream
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 15.0


class PairStream:
    """Publishes every closed candle of one pair, once and in order, until it is cancelled.

    Candles that the broker does not accept are kept in the book. If there are more than HELD_LIMIT, they are dropped
    and fetched again over REST.
    """

    def __init__(
        self,
        pair: str,
        timeframe_ms: int,
        source: CandleSource,
        publisher: CandlePublisher,
        *,
        silence: float,
        clock: Clock,
        status: PairStatus,
    ) -> None:
        self._pair = pair
        self._source = source
        self._publisher = publisher
        self._status = status
        self._changed = asyncio.Event()
        self._book = CandleBook(timeframe_ms)
        self._filler = GapFiller(pair, timeframe_ms, source, self._book, status)
        self._listener = StreamListener(
            pair, source, self._book, status, silence=silence, clock=clock, changed=self._changed
        )
        self._cutting = False
        self._refused = Backoff(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)

    async def run(self) -> None:
        """Stream candles until the task is cancelled."""
        remembered_ms = self._publisher.last_published(self._pair)
        self._status.last_candle_ms = remembered_ms
        if self._source.streams:
            self._listener.start()
        try:
            while True:
                self._changed.clear()
                if self._book.last_ms is not None or await self._filler.begin(remembered_ms):
                    await self._advance()
                if self._source.streams:
                    await self._listener.check()
                await self._wait()
        finally:
            await self._listener.stop()

    async def _wait(self) -> None:
        # Not wait_for: Python 3.11's loses a cancellation that comes together with the event.
        with suppress(TimeoutError):
            async with asyncio.timeout(TICK_SECONDS):
                await self._changed.wait()

    async def _advance(self) -> None:
        if given_up := self._book.cut():
            CANDLES_SKIPPED.labels(self._pair, "out_of_reach").inc(given_up)
            if not self._cutting:
                log.warning("candles_out_of_reach", pair=self._pair, given_up=given_up, reach=REACH)
            self._cutting = True
        while (step := self._book.next_step()) is not None:
            going_on = (
                await self._publish(step) if isinstance(step, Publish) else await self._filler.fill(step)
            )
            if not going_on:
                return
        grace_ms = STREAM_GRACE_MS if self._source.streams else POLL_GRACE_MS
        expected = self._book.overdue(self._source.now_ms(), grace_ms)
        if expected is not None and await self._filler.poll(expected):
            self._changed.set()

    async def _publish(self, step: Publish) -> bool:
        self._publisher.collect(self._pair, step.ready)
        if not self._refused.is_ready():
            return False
        try:
            await self._publisher.publish(self._pair, step.ready)
        except (TryLater, NeverWorks) as error:
            # The candles themselves are valid, so even a broker without a queue for them is waited for.
            after = LONGEST_PAUSE_SECONDS if isinstance(error, NeverWorks) else error.after
            self._refused.failed(after)
            count_error(SERVICE, error)
            if self._refused.failures == 1:
                log.warning("candles_wait_for_broker", pair=self._pair, error=str(error))
            return False
        if self._refused.succeeded():
            log.info("broker_takes_candles_again", pair=self._pair)
        self._cutting = False
        self._settle(step)
        return True

    def _settle(self, step: Publish) -> None:
        for ready in step.ready:
            if ready.missing_before:
                CANDLES_SKIPPED.labels(self._pair, "missing").inc(ready.missing_before)
                log.warning(
                    "candles_missing_at_exchange",
                    pair=self._pair,
                    count=ready.missing_before,
                    before_ms=ready.candle.open_ms,
                )
        last_ms = step.ready[-1].candle.open_ms
        self._book.settle(last_ms)
        self._status.last_candle_ms = last_ms
        log.debug("candles_published", pair=self._pair, count=len(step.ready), last_ms=last_ms)
