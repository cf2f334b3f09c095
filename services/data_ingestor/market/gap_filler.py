"""Fetches candles of one pair over REST: the first candle, gaps, and candles whose end the stream did not show."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from services.common.errors import NeverWorks, TryLater
from services.common.runtime.backoff import Backoff
from services.common.runtime.metrics import CANDLES_SKIPPED
from services.common.runtime.runner import count_error
from services.data_ingestor.market.candle_book import CandleBook, Fetch
from services.data_ingestor.market.candles import Refused, RestAnswer, Row, open_time, read_answer
from services.data_ingestor.market.port import CandleSource
from services.data_ingestor.market.status import Component, PairStatus

log = structlog.get_logger(__name__)

SERVICE = "market_streamer"
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 15.0  # so that candles are current within 30 s of the exchange's return
ATTEMPTS = 6
"""A closed candle counts as missing after this number of REST answers that do not list the candle (about 20 s)."""


class GapFiller:
    """Fetches candles, passes the answers to the book, and waits longer after each fetch without a result."""

    def __init__(
        self, pair: str, timeframe_ms: int, source: CandleSource, book: CandleBook, status: PairStatus
    ) -> None:
        self._pair = pair
        self._step = timeframe_ms
        self._source = source
        self._book = book
        self._status = status
        self._failing = Backoff(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)
        self._fruitless = Backoff(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)
        self._quiet = Backoff(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)

    async def begin(self, remembered_ms: int | None) -> bool:
        """Find the first candle to publish; return whether it is decided now."""
        answer = await self._ask(None, 3, self._fruitless)
        if answer is None:
            return False
        if not self._book.begin(remembered_ms, answer, self._source.now_ms()):
            self._fruitless.failed()
            return False
        if remembered_ms is not None and self._book.last_ms != remembered_ms:
            log.warning(
                "candle_memory_in_the_future",
                pair=self._pair,
                remembered_ms=remembered_ms,
                newest_ms=self._book.newest_ms,
                next="beginning with the newest closed candle",
            )
        self._fruitless.succeeded()
        return True

    async def fill(self, gap: Fetch) -> bool:
        """Fetch candles that must be closed because later candles exist; return whether the book can continue."""
        count = (gap.until_ms - gap.since_ms) // self._step + 2
        answer = await self._ask(gap.since_ms, count, self._fruitless)
        if answer is None:
            return False
        self._report(self._book.fetched(answer))
        step = self._book.next_step()
        if not isinstance(step, Fetch) or step.since_ms > gap.since_ms:
            self._fruitless.succeeded()
            return True
        self._fruitless.failed()
        if self._fruitless.failures < ATTEMPTS:
            return False
        log.warning("candles_never_listed", pair=self._pair, since_ms=gap.since_ms, until_ms=gap.until_ms)
        self._book.give_up(gap)
        self._fruitless.succeeded()
        return True

    async def poll(self, expected: Fetch) -> bool:
        """Fetch a candle that should have closed by now; return whether the book can take a further step.

        No candle is counted as missing here, because the exchange creates no candle while nobody trades.
        """
        answer = await self._ask(expected.since_ms, 3, self._quiet)
        if answer is None:
            return False
        self._report(self._book.fetched(answer))
        if self._book.next_step() is None:
            self._quiet.failed()
            return False
        self._quiet.succeeded()
        return True

    async def _ask(self, since_ms: int | None, limit: int, pause: Backoff) -> RestAnswer | None:
        if not (self._failing.is_ready() and pause.is_ready()):
            return None
        try:
            rows = await self._source.fetch(self._pair, since_ms, limit)
        except (TryLater, NeverWorks) as error:
            after = LONGEST_PAUSE_SECONDS if isinstance(error, NeverWorks) else error.after
            wait = self._failing.failed(after)
            self._status.set_problem(Component.REST, str(error))
            count_error(SERVICE, error)
            if self._failing.failures == 1:
                log.warning("rest_failed", pair=self._pair, error=str(error), retry_in_seconds=round(wait, 1))
            return None
        if self._failing.succeeded():
            log.info("rest_back", pair=self._pair)
        self._status.clear_problem(Component.REST)
        return read_answer(_from(rows, since_ms or 0), self._step, self._source.now_ms())

    def _report(self, refused: Sequence[Refused]) -> None:
        for row in refused:
            CANDLES_SKIPPED.labels(self._pair, "invalid").inc()
            log.warning("candle_refused", pair=self._pair, open_ms=row.open_ms, reason=row.reason, via="rest")


def _from(rows: Sequence[Row], since_ms: int) -> list[Row]:
    # Some exchanges return whole pages, whatever was requested.
    return [row for row in rows if (open_time(row) or since_ms) >= since_ms]
