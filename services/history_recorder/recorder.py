"""Records what the bot saw: each message of history_queue, and what it reads from the store and from Freqtrade.

One thread writes, so the change feed of the history is in the order of the commits. A batch of messages is
acknowledged after its commit; while the database is unavailable, messages stay in the queue: see `BatchConsumer`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from datetime import datetime

import structlog

from services.common.broker.batches import BatchConsumer
from services.common.broker.port import Broker, Delivery
from services.common.broker.topology import HISTORY
from services.common.clock import Clock
from services.common.errors import TryLater
from services.common.history.port import Batch, HistoryReader, HistoryWriter, Written
from services.common.history.queries import MAX_LIMIT, TradeFilter
from services.common.history.rows import ArticleRow, CandleRow, ScoringRow, TradeRow
from services.common.runtime.health import DependencyHealth, HealthReport
from services.common.runtime.lag import Lag
from services.common.runtime.metrics import (
    HISTORY_LAST_WRITE,
    HISTORY_ROWS,
    HISTORY_UNREADABLE,
    QUEUE_LAG,
)
from services.common.runtime.runner import count_error
from services.common.runtime.work import CallsInProgress
from services.common.settings.settings import Settings
from services.common.store.port import SentimentStore
from services.history_recorder.follower import NOT_MEASURED, Follower
from services.history_recorder.freqtrade.following import FreqtradeFollower, is_followed
from services.history_recorder.inbox import Inbox, is_empty, merged
from services.history_recorder.outcomes import OutcomeFollower
from services.history_recorder.performance.follower import PerformanceFollower
from services.history_recorder.reading import MessageRow, Unreadable, read
from services.history_recorder.store_follower import ANSWERS_OF_STORE, StoreFollower
from services.history_recorder.upkeep import Upkeep

NAME = "history_recorder"
BATCH_SIZE = 500
PREFETCH = 1_000
IDLE_SECONDS = 0.1
DATABASE_SECONDS = 60.0
"""The time in seconds that one transaction may take, with its wait for a lock."""
MIGRATION_SECONDS = 900.0
"""The time in seconds that the tables of an earlier release may take to become those of this one."""

log = structlog.get_logger(__name__)


class HistoryRecorder:
    """The service that the docstring of this module describes.

    Without a reader it measures nothing, and does not notice trades that were deleted while it was off.
    """

    def __init__(
        self,
        settings: Settings,
        broker: Broker,
        history: HistoryWriter,
        store: SentimentStore,
        clock: Clock,
        *,
        reader: HistoryReader | None = None,
    ) -> None:
        self._broker, self._history, self._store, self._clock = broker, history, store, clock
        self._reader = reader
        self.work = CallsInProgress()
        self._inbox = Inbox()
        self._consumer = BatchConsumer(
            NAME,
            broker,
            HISTORY.name,
            prefetch=PREFETCH,
            batch_size=BATCH_SIZE,
            idle_seconds=IDLE_SECONDS,
            work=self.work,
        )
        self._stored = StoreFollower(
            store,
            settings.trading_pairs,
            clock,
            self._inbox,
            history.position,
            work=self.work,
            patience=ANSWERS_OF_STORE * settings.redis_timeout,
        )
        self._followers = {"redis": Follower(NAME, "redis", self._stored.step)}
        if is_followed(settings):
            bot = FreqtradeFollower(
                settings,
                clock,
                self._inbox,
                history.position,
                work=self.work,
                recorded=self._recorded_trades,
            )
            self._followers["freqtrade"] = Follower(NAME, "freqtrade", bot.step, bot.close)
        if reader is not None:
            outcomes = OutcomeFollower(reader, clock, self._inbox, work=self.work)
            performance = PerformanceFollower(settings, clock, self._inbox, work=self.work)
            self._followers["outcomes"] = Follower(NAME, "outcomes", outcomes.step, first=NOT_MEASURED)
            self._followers["performance"] = Follower(
                NAME, "performance", performance.step, first=NOT_MEASURED
            )
        self._lag = Lag(
            NAME,
            settings.lag_limit,
            what="messages are recorded when they are",
            advice="is the database slow?",
        )
        self._upkeep = Upkeep(settings, history, clock)

    def start(self) -> None:
        """See `runner.Service`. When this returns, the history is open and the queue is subscribed to."""
        with self.work.doing("opening the history", MIGRATION_SECONDS):
            self._history.check()
        self._broker.start()
        self._consumer.subscribe()

    def run(self, stop: threading.Event) -> None:
        """Record until `stop` is set. What was received before `stop` was set is still recorded."""
        for follower in self._followers.values():
            follower.start()
        while not stop.is_set():
            deliveries = self._consumer.receive(stop)
            self._record(deliveries, stop)
            if not deliveries and self._broker.health().ok:
                self._lag.idle()
            for follower in self._followers.values():
                follower.check()
            self._look_after()

    def health(self) -> HealthReport:
        """See `runner.Service`."""
        followed = {name: follower.health() for name, follower in self._followers.items()}
        if "freqtrade" not in followed:
            detail = "not followed: FREQTRADE_API_PASS and FREQTRADE_WS_TOKEN are not set"
            followed["freqtrade"] = DependencyHealth(ok=True, detail=detail, required=False)
        return {
            "broker": self._broker.health(),
            "history": self._history.health(),
            "lag": self._lag.health(),
            **followed,
        }

    def close(self) -> None:
        """See `runner.Service`."""
        for follower in self._followers.values():
            follower.close()
        self._consumer.close()
        self._broker.close()
        self._store.close()
        if self._reader is not None:
            self._reader.close()
        self._history.close()

    def _recorded_trades(self, bot: str) -> Sequence[TradeRow]:
        if self._reader is None:
            return ()
        newest = self._reader.trades(TradeFilter(bots=(bot,)), limit=MAX_LIMIT).rows
        return *newest, *self._reader.trades(TradeFilter(bots=(bot,), is_open=True), limit=MAX_LIMIT).rows

    def _record(self, deliveries: Sequence[Delivery], stop: threading.Event) -> None:
        """Write what was received, with all that waits in the inbox, in one transaction."""
        now = self._clock.now()
        rows = self._rows(deliveries, now)
        batch = merged([_batch_of(rows), *self._inbox.take()])
        if is_empty(batch):
            self._consumer.ack(deliveries)
            return
        written = self._consumer.write(
            deliveries,
            lambda: self._history.write(batch),
            stop,
            what=f"writing {len(rows)} messages to the history",
            patience=DATABASE_SECONDS,
        )
        if written is not None:
            self._count(written, rows)

    def _rows(self, deliveries: Sequence[Delivery], now: datetime) -> list[MessageRow]:
        rows = []
        for delivery in deliveries:
            found = read(delivery.body, now)
            if isinstance(found, Unreadable):
                HISTORY_UNREADABLE.inc()
                log.warning("not_recorded", message_id=delivery.message_id, reason=found.reason)
            else:
                rows.append(found)
        return rows

    def _count(self, written: Written, rows: Sequence[MessageRow]) -> None:
        now = self._clock.now()
        for table, count in written.rows.items():
            HISTORY_ROWS.labels(table).inc(count)
        HISTORY_LAST_WRITE.set(now.timestamp())
        ages = [(now - _made(row)).total_seconds() for row in rows]
        lag = QUEUE_LAG.labels(HISTORY.name)
        for age in ages:
            lag.observe(max(age, 0.0))
        if ages:
            self._lag.note(min(ages))
        if any(isinstance(row, ScoringRow) for row in rows):
            self._stored.expect()
        log.info("recorded", **written.rows)

    def _look_after(self) -> None:
        try:
            with self.work.doing("looking after the history", DATABASE_SECONDS):
                self._upkeep.look(time.monotonic())
        except TryLater as error:  # the history's health says so
            count_error(NAME, error)


def _batch_of(rows: Sequence[MessageRow]) -> Batch:
    return Batch(
        articles=[row for row in rows if isinstance(row, ArticleRow)],
        scorings=[row for row in rows if isinstance(row, ScoringRow)],
        candles=[row for row in rows if isinstance(row, CandleRow)],
    )


def _made(row: MessageRow) -> datetime:
    """When the message of a row was made, by the clock of its maker."""
    if isinstance(row, ArticleRow):
        return row.fetched
    return row.scored if isinstance(row, ScoringRow) else row.collected
