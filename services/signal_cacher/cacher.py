"""Takes signals from their queue and writes them to the store.

Up to a hundred messages are written in one round trip and acknowledged together. While the store is unavailable, new
messages stay in the queue: see `BatchConsumer`.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Sequence
from itertools import groupby

import structlog

from services.common.broker.batches import BatchConsumer
from services.common.broker.port import Broker, Delivery, TooManyDeadLetters
from services.common.broker.topology import SENTIMENT_SIGNALS
from services.common.clock import Clock
from services.common.errors import TryLater
from services.common.messages import SentimentSignal
from services.common.runtime.few_values import OTHER
from services.common.runtime.health import HealthReport
from services.common.runtime.lag import Lag
from services.common.runtime.metrics import QUEUE_LAG, SIGNALS_CACHED
from services.common.runtime.runner import count_error
from services.common.runtime.tracing import following, trace_id_of
from services.common.runtime.work import CallsInProgress
from services.common.settings.settings import Settings
from services.common.store.port import SentimentStore, WriteOutcome
from services.signal_cacher.announced import Announced
from services.signal_cacher.holds_watch import HoldsWatch
from services.signal_cacher.reading import SignalDelivery, Unreadable, read
from services.signal_cacher.stored import StoredSentiment

NAME = "signal_cacher"
BATCH_SIZE = 100
IDLE_SECONDS = 1.0
REJECT_PAUSE_SECONDS = 5.0
SETTLE_SECONDS = 30.0 + REJECT_PAUSE_SECONDS
"""The time in seconds that it may take to dead-letter a message."""
ANSWERS_OF_STORE = 12
"""The largest number of times that one call of the store may wait for REDIS_TIMEOUT."""

log = structlog.get_logger(__name__)


class SignalCacher:
    """The service that the docstring of this module describes."""

    def __init__(self, settings: Settings, broker: Broker, store: SentimentStore, clock: Clock) -> None:
        self._pairs = frozenset(settings.trading_pairs)
        self._broker = broker
        self._store = store
        self._clock = clock
        self._stored = StoredSentiment(store, settings.trading_pairs)
        self._announced = Announced(store, settings.trading_pairs, clock)
        self._holds = HoldsWatch(settings, store, clock)
        self._store_patience = ANSWERS_OF_STORE * settings.redis_timeout
        self._lag = Lag(
            NAME, settings.lag_limit, what="signals are cached when they are", advice="is the store slow?"
        )
        self.work = CallsInProgress()
        self._consumer = BatchConsumer(
            NAME,
            broker,
            SENTIMENT_SIGNALS.name,
            prefetch=settings.signal_prefetch,
            batch_size=BATCH_SIZE,
            idle_seconds=IDLE_SECONDS,
            work=self.work,
        )

    def start(self) -> None:
        """See `runner.Service`. When this returns, the store has answered and the queue is subscribed to."""
        with self.work.doing("asking the store for the first time", 3 * self._store_patience):
            self._store.check()
            self._holds.look(time.monotonic())
            self._stored.look(time.monotonic())
            self._announced.begin()
            self._announced.announce(time.monotonic())
        self._broker.start()
        self._consumer.subscribe()

    def run(self, stop: threading.Event) -> None:
        """Cache signals until `stop` is set. Messages that were received before `stop` was set are still cached."""
        while not stop.is_set():
            if deliveries := self._consumer.receive(stop):
                self._cache(deliveries, stop)
            else:
                if self._broker.health().ok:
                    self._lag.idle()
                self._look_after_store()
            self._look_at_store()

    def health(self) -> HealthReport:
        """See `runner.Service`."""
        return {
            "broker": self._broker.health(),
            "redis": self._store.health(),
            "lag": self._lag.health(),
            **self._holds.health(),
        }

    def close(self) -> None:
        """See `runner.Service`."""
        self._consumer.close()
        self._broker.close()
        self._store.close()

    def _look_after_store(self) -> None:
        """Ping the store even if no messages arrive, so that /health shows when the store is unavailable."""
        was_there = self._store.health().ok
        try:
            with self.work.doing("asking for a sign of life of the store", self._store_patience):
                self._store.check()
        except TryLater as error:
            count_error(NAME, error)
            if was_there:
                log.warning("store_away", error=str(error))
        else:
            if not was_there:
                log.info("store_back")

    def _look_at_store(self) -> None:
        try:
            with self.work.doing("reading sentiment and holds from the store", 2 * self._store_patience):
                # Holds first: a full Redis refuses the announcement, and lost holds have to be noticed even then.
                self._holds.look(time.monotonic())
                self._stored.look(time.monotonic())
                self._announced.announce(time.monotonic())
        except TryLater as error:  # logged by the next write or ping
            count_error(NAME, error)

    def _cache(self, deliveries: Sequence[Delivery], stop: threading.Event) -> None:
        """Cache or dead-letter messages in order, because the limit on dead letters applies to consecutive ones."""
        now = self._clock.now()
        for kind, run in groupby((read(each, now) for each in deliveries), type):
            if kind is SignalDelivery:
                self._store_signals([each for each in run if isinstance(each, SignalDelivery)], stop)
                if not self._consumer.is_subscribed:
                    return  # all deliveries were given back, and the rest of them is redelivered too
                continue
            for each in run:
                if isinstance(each, Unreadable) and not self._reject(each, stop):
                    return

    def _store_signals(self, batch: Sequence[SignalDelivery], stop: threading.Event) -> None:
        signals = [each.signal for each in batch]
        outcomes = self._consumer.write(
            [each.delivery for each in batch],
            lambda: self._store.write(signals, self._clock.now()),
            stop,
            what=f"writing {len(signals)} signals to the store",
            patience=self._store_patience,
        )
        if outcomes is None:
            return
        self._count(signals, outcomes)
        now = self._clock.now()
        self._lag.note(min((now - signal.analyzed_at).total_seconds() for signal in signals))

    def _reject(self, unreadable: Unreadable, stop: threading.Event) -> bool:
        """Dead-letter a message. Returns False if the subscription was closed after too many dead letters."""
        delivery, subscription = unreadable.delivery, self._consumer.subscribe()
        trace = following(trace_id_of(delivery.headers, delivery.message_id))
        with trace, self.work.doing("setting a message aside", SETTLE_SECONDS):
            try:
                subscription.dead_letter(delivery, unreadable.reason)
            except TooManyDeadLetters:
                self._consumer.give_back()
                return False
            except TryLater as error:
                count_error(NAME, error)
                log.warning("dead_letter_not_taken", error=str(error), retry_in_seconds=REJECT_PAUSE_SECONDS)
                stop.wait(REJECT_PAUSE_SECONDS)
                subscription.release([delivery])
        return True

    def _count(self, signals: Sequence[SentimentSignal], outcomes: Sequence[WriteOutcome]) -> None:
        lag, now = QUEUE_LAG.labels(SENTIMENT_SIGNALS.name), self._clock.now()
        names = {outcome: outcome.value for outcome in WriteOutcome}
        counts: Counter[tuple[str, str]] = Counter()
        traces: dict[str, dict[str, str]] = {}
        for signal, outcome in zip(signals, outcomes, strict=True):
            name = names[outcome]
            counts[signal.pair, name] += 1
            lag.observe(max((now - signal.analyzed_at).total_seconds(), 0.0))
            traces.setdefault(signal.article_id, {})[signal.pair] = name
        for (pair, name), count in counts.items():
            SIGNALS_CACHED.labels(pair if pair in self._pairs else OTHER, name).inc(count)
        # One line for all of them: to log a line for each would take as long as writing them.
        log.info("signals_cached", signals=len(signals), trace_ids=traces)
