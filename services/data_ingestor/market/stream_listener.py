"""Listens to the stream of one pair, reconnects after a loss, and restarts a stream that has become silent."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import structlog

from services.common.clock import Clock
from services.common.errors import CryptoBoyError, NeverWorks, TryLater
from services.common.runtime.backoff import Backoff
from services.common.runtime.metrics import STREAM_LAST_HEARD, STREAM_RESTARTS
from services.common.runtime.runner import count_error
from services.data_ingestor.market.candle_book import CandleBook
from services.data_ingestor.market.candles import Candle, Refused, Row, read_rows
from services.data_ingestor.market.port import CandleSource
from services.data_ingestor.market.silence import Moment, StreamActivity
from services.data_ingestor.market.status import Component, PairStatus

log = structlog.get_logger(__name__)

SERVICE = "market_streamer"
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 15.0  # so that candles are current within 30 s of the exchange's return
REFUSED_PAUSE_SECONDS = 60.0
NOTHING_NEW_PAUSE_SECONDS = (
    0.05  # a stream that repeats itself without a pause must not occupy the event loop
)


class StreamListener:
    """Passes the updates of a stream to a book after `start` is called and until `stop` is called.

    Args:
        silence: the number of seconds without anything new after which REST is used to check the stream.
        changed: the event that is set when the book has changed.
    """

    def __init__(
        self,
        pair: str,
        source: CandleSource,
        book: CandleBook,
        status: PairStatus,
        *,
        silence: float,
        clock: Clock,
        changed: asyncio.Event,
    ) -> None:
        self._pair = pair
        self._source = source
        self._book = book
        self._status = status
        self._clock = clock
        self._changed = changed
        self._activity = StreamActivity(silence, self._now())
        self._lost = Backoff(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)
        self._pausing = False
        self._silent = False
        self._last_refused_ms: int | None = None
        self._task: asyncio.Task[None] | None = None

    def _now(self) -> Moment:
        return Moment(self._clock.now().timestamp(), time.monotonic())

    def start(self) -> None:
        """Start listening."""
        self._activity.restart(self._now())
        self._task = asyncio.create_task(self._listen(), name=f"listen {self._pair}")

    async def stop(self) -> None:
        """Stop listening. The source keeps the connection open."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None

    async def check(self) -> None:
        """Restart a silent stream, unless REST has no newer data. If an error ended the stream, raise that error."""
        if self._task is not None and self._task.done():
            self._task.result()
        if self._pausing or not self._activity.is_silent(self._now()):
            return
        try:
            rows = await self._source.fetch(self._pair, None, 2)
        except (TryLater, NeverWorks) as error:
            reason = f"silent, and REST fails: {error}"
        else:
            candles, _ = read_rows(rows, self._source.now_ms())
            newest = candles[-1] if candles else None
            if not self._activity.is_behind(newest):
                log.debug("market_quiet", pair=self._pair)
                self._activity.restart(self._now())
                return
            reason = "silent, while REST has newer candles"
        await self._restart(reason)

    async def _restart(self, reason: str) -> None:
        STREAM_RESTARTS.labels(self._pair, "silent").inc()
        if not self._silent:
            log.warning("stream_silent", pair=self._pair, reason=reason, next="restarting it")
        self._silent = True
        self._status.set_problem(Component.STREAM, f"stream {reason}")
        await self.stop()
        self._book.interrupt()
        await self._source.restart(self._pair)
        self.start()

    async def _listen(self) -> None:
        while True:
            try:
                rows = await self._source.watch(self._pair)
            except (TryLater, NeverWorks) as error:
                await self._recover(error)
            else:
                if not self._take(rows):
                    await asyncio.sleep(NOTHING_NEW_PAUSE_SECONDS)

    def _take(self, rows: Sequence[Row]) -> bool:
        now_ms = self._source.now_ms()
        candles, refused = read_rows(rows, now_ms)
        self._book.observe(candles, now_ms)
        for row in refused:
            self._refuse(row)
        if not self._activity.note(candles, self._now()):
            return False
        STREAM_LAST_HEARD.labels(self._pair).set(self._clock.now().timestamp())
        self._well(candles[-1])
        self._changed.set()
        return True

    def _refuse(self, row: Refused) -> None:
        if row.open_ms is not None:
            self._book.reject_stream_data(row.open_ms)
        if row.open_ms is None or row.open_ms != self._last_refused_ms:
            log.warning(
                "candle_refused", pair=self._pair, open_ms=row.open_ms, reason=row.reason, via="stream"
            )
        self._last_refused_ms = row.open_ms

    def _well(self, newest: Candle) -> None:
        recovered = self._lost.succeeded()
        if recovered or self._silent:
            log.info("stream_back", pair=self._pair, candle_ms=newest.open_ms)
        self._silent = False
        self._status.clear_problem(Component.STREAM)

    async def _recover(self, error: CryptoBoyError) -> None:
        refused = isinstance(error, NeverWorks)
        pause = self._lost.failed(REFUSED_PAUSE_SECONDS if refused else None)
        count_error(SERVICE, error)
        self._status.set_problem(Component.STREAM, str(error))
        if self._lost.failures == 1:
            STREAM_RESTARTS.labels(self._pair, "refused" if refused else "disconnected").inc()
            log.warning("stream_lost", pair=self._pair, error=str(error), retry_in_seconds=round(pause, 1))
        self._book.interrupt()
        self._pausing = True
        await self._source.restart(self._pair)
        await asyncio.sleep(pause)
        self._pausing = False
        self._activity.restart(self._now())
