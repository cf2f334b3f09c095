"""Publishes closed candles, and records the last published candle of each pair."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for_futures

import structlog

from services.common.broker.port import Broker, OutgoingMessage
from services.common.broker.topology import MARKET_CANDLE
from services.common.clock import Clock, from_ms
from services.common.messages import MarketData
from services.common.runtime.metrics import CANDLES_BACKFILLED, CANDLES_PUBLISHED, STREAM_LAST_CANDLE
from services.common.runtime.work import CallsInProgress
from services.data_ingestor.market.candle_book import ReadyCandle
from services.data_ingestor.market.last_published import CandleMemory

log = structlog.get_logger(__name__)

CONFIRM_SECONDS = 5.0
FINISH_SECONDS = 1.0


def candle_message(
    ready: ReadyCandle, *, exchange: str, pair: str, timeframe: str, clock: Clock
) -> OutgoingMessage:
    """Return the message of one candle. Its id depends only on the candle, so repeated messages have the same id."""
    open_ms = ready.candle.open_ms
    message = MarketData(
        source=f"{exchange}_{'rest' if ready.from_rest else 'websocket'}",
        symbol=pair,
        timeframe=timeframe,
        timestamp=from_ms(open_ms),
        timestamp_ms=open_ms,
        data=ready.candle.data,
        collected_at=clock.now(),
    )
    return OutgoingMessage(MARKET_CANDLE, message.encode(), f"{exchange}:{pair}:{timeframe}:{open_ms}")


class CandlePublisher:
    """Publishes candles in a separate thread, because the broker's port blocks.

    Args:
        broker: the broker to which candles are published.
        memory: the record of the last published candle of each pair.
        work: the register of calls in progress.
    """

    def __init__(
        self,
        broker: Broker,
        memory: CandleMemory,
        *,
        exchange: str,
        timeframe: str,
        clock: Clock,
        work: CallsInProgress | None = None,
    ) -> None:
        self._broker = broker
        self._memory = memory
        self._exchange = exchange
        self._timeframe = timeframe
        self._clock = clock
        self._work = work or CallsInProgress()
        self._thread = ThreadPoolExecutor(1, "publish")
        self._made: dict[str, dict[int, OutgoingMessage]] = {}
        self._in_hand: set[Future[None]] = set()
        self._forgetful = False

    def last_published(self, pair: str) -> int | None:
        """Return the open time in milliseconds of the last candle published before this start, or None."""
        open_ms = self._memory.last(pair)
        if open_ms is not None:
            STREAM_LAST_CANDLE.labels(pair).set(open_ms / 1000)
        return open_ms

    def collect(self, pair: str, ready: Sequence[ReadyCandle]) -> None:
        """Create the messages of candles that can be published, with the current time as `collected_at`.

        If this method is called again for a candle, the existing message of the candle is kept.
        """
        made = self._made.get(pair, {})
        self._made[pair] = {
            one.candle.open_ms: made.get(one.candle.open_ms) or self._make(pair, one) for one in ready
        }

    async def publish(self, pair: str, ready: Sequence[ReadyCandle]) -> None:
        """Publish the candles; return when the broker has confirmed all candles and the last candle is recorded.

        Raises:
            TryLater: the broker is unavailable or full; some of the candles may have been published.
            NeverWorks: the broker accepts no candles at all.
        """
        self.collect(pair, ready)
        messages = list(self._made[pair].values())
        last_ms = ready[-1].candle.open_ms
        sending = self._thread.submit(self._send, pair, messages, last_ms)
        self._in_hand.add(sending)
        sending.add_done_callback(self._in_hand.discard)
        await asyncio.wrap_future(sending)
        del self._made[pair]
        CANDLES_PUBLISHED.labels(pair).inc(len(ready))
        CANDLES_BACKFILLED.labels(pair).inc(sum(one.from_rest for one in ready))
        STREAM_LAST_CANDLE.labels(pair).set(last_ms / 1000)

    def _make(self, pair: str, ready: ReadyCandle) -> OutgoingMessage:
        return candle_message(
            ready, exchange=self._exchange, pair=pair, timeframe=self._timeframe, clock=self._clock
        )

    def _send(self, pair: str, messages: list[OutgoingMessage], last_ms: int) -> None:
        with self._work.doing(f"publishing candles of {pair}", CONFIRM_SECONDS):
            self._broker.publish(messages, CONFIRM_SECONDS)
        try:
            self._memory.remember(pair, last_ms)
        except sqlite3.Error as error:
            # The candles are published. Publishing them again because of the record would only repeat them.
            if not self._forgetful:
                log.error(  # noqa: TRY400 - one line is what an operator can use
                    "candle_memory_failed", error=str(error), effect="a restart repeats candles"
                )
            self._forgetful = True
        else:
            self._forgetful = False

    def close(self) -> None:
        """Wait up to a second for outstanding confirmations, then close the broker and the record."""
        wait_for_futures(tuple(self._in_hand), FINISH_SECONDS)
        self._broker.close()
        self._thread.shutdown(wait=True, cancel_futures=True)
        self._memory.close()
