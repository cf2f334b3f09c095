"""Takes signals from their queue and writes them to the store.

Up to a hundred messages are written in one round trip and acknowledged together. While the store is unavailable,
received messages stay unacknowledged and no more messages are received, so that new messages stay in the queue. After
five minutes all unacknowledged messages are given back to the queue, while copies of them in memory still wait to be
written. Otherwise RabbitMQ would redeliver these messages after each `consumer_timeout`, and each redelivery would
count towards the delivery limit.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Sequence
from itertools import groupby

import structlog

from services.common.broker.port import Broker, Delivery, Subscription, TooManyDeadLetters
from services.common.broker.topology import SENTIMENT_SIGNALS
from services.common.clock import Clock
from services.common.errors import TryLater
from services.common.messages import SentimentSignal
from services.common.runtime.backoff import Backoff
from services.common.runtime.health import HealthReport
from services.common.runtime.lag import Lag
from services.common.runtime.metrics import OTHER, QUEUE_LAG, SIGNALS_CACHED
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
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 5.0
REJECT_PAUSE_SECONDS = 5.0
SETTLE_SECONDS = 30.0 + REJECT_PAUSE_SECONDS
"""The time in seconds that it may take to dead-letter a message."""
HOLD_SECONDS = 300.0
"""The time in seconds for which deliveries stay unacknowledged while the store is unavailable. RabbitMQ closes the
channel of a consumer that leaves deliveries unacknowledged for longer than its `consumer_timeout`."""
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
        self._prefetch = settings.signal_prefetch
        self._stored = StoredSentiment(store, settings.trading_pairs)
        self._announced = Announced(store, settings.trading_pairs, clock)
        self._holds = HoldsWatch(settings, store, clock)
        self._subscription: Subscription | None = None
        self._not_subscribed = ""
        self._store_patience = ANSWERS_OF_STORE * settings.redis_timeout
        self._lag = Lag(
            NAME, settings.lag_limit, what="signals are cached when they are", advice="is the store slow?"
        )
        self.work = CallsInProgress()

    def start(self) -> None:
        """See `runner.Service`. When this returns, the store has answered and the queue is subscribed to."""
        with self.work.doing("asking the store for the first time", 3 * self._store_patience):
            self._store.check()
            self._holds.look(time.monotonic())
            self._stored.look(time.monotonic())
            self._announced.begin()
            self._announced.announce(time.monotonic())
        self._broker.start()
        self._subscribe()

    def run(self, stop: threading.Event) -> None:
        """Cache signals until `stop` is set. Messages that were received before `stop` was set are still cached."""
        while not stop.is_set():
            if deliveries := self._receive(stop):
                self._cache(deliveries, stop)
            else:
                if self._broker.health().ok:
                    self._lag.idle()
                self._look_after_store()
            self._look_at_store()

    def _receive(self, stop: threading.Event) -> Sequence[Delivery]:
        """Receive the next messages; the list is empty if none arrives in a second or the queue cannot be read."""
        try:
            subscription = self._subscribe()
        except TryLater as error:
            if self._not_subscribed != str(error):
                count_error(NAME, error)
                log.warning("not_subscribed", error=str(error))
                self._not_subscribed = str(error)
            stop.wait(FIRST_PAUSE_SECONDS)
            return []
        self._not_subscribed = ""
        with self.work.doing(f"receiving from {SENTIMENT_SIGNALS.name}", IDLE_SECONDS):
            return subscription.receive(BATCH_SIZE, IDLE_SECONDS)

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
        if self._subscription is not None:
            self._subscription.close()
        self._broker.close()
        self._store.close()

    def _subscribe(self) -> Subscription:
        if self._subscription is None:
            self._subscription = self._broker.subscribe(SENTIMENT_SIGNALS.name, self._prefetch)
        return self._subscription

    def _give_back(self) -> None:
        """Close the subscription, so that unacknowledged messages are redelivered."""
        if self._subscription is not None:
            self._subscription.close()
            self._subscription = None

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
        subscription, now = self._subscribe(), self._clock.now()
        for kind, run in groupby((read(each, now) for each in deliveries), type):
            if kind is SignalDelivery:
                self._store_signals(
                    subscription, [each for each in run if isinstance(each, SignalDelivery)], stop
                )
                continue
            for each in run:
                if isinstance(each, Unreadable) and not self._reject(subscription, each, stop):
                    return

    def _store_signals(
        self, subscription: Subscription, batch: Sequence[SignalDelivery], stop: threading.Event
    ) -> None:
        signals, deliveries = [each.signal for each in batch], [each.delivery for each in batch]
        outcomes = self._write(signals, stop)
        if outcomes is None:
            subscription.release(deliveries)
            return
        subscription.ack(
            deliveries
        )  # without effect if they were given back: they are redelivered as duplicates
        self._count(signals, outcomes)
        now = self._clock.now()
        self._lag.note(min((now - signal.analyzed_at).total_seconds() for signal in signals))

    def _reject(self, subscription: Subscription, unreadable: Unreadable, stop: threading.Event) -> bool:
        """Dead-letter a message. Returns False if the subscription was closed after too many dead letters."""
        delivery = unreadable.delivery
        trace = following(trace_id_of(delivery.headers, delivery.message_id))
        with trace, self.work.doing("setting a message aside", SETTLE_SECONDS):
            try:
                subscription.dead_letter(delivery, unreadable.reason)
            except TooManyDeadLetters:
                self._give_back()
                return False
            except TryLater as error:
                count_error(NAME, error)
                log.warning("dead_letter_not_taken", error=str(error), retry_in_seconds=REJECT_PAUSE_SECONDS)
                stop.wait(REJECT_PAUSE_SECONDS)
                subscription.release([delivery])
        return True

    def _write(self, signals: Sequence[SentimentSignal], stop: threading.Event) -> list[WriteOutcome] | None:
        """Write the signals, with retries until the store accepts them; return None if `stop` is set earlier.

        The messages of the signals are given back to the queue if writing takes longer than `HOLD_SECONDS`.
        """
        began, backoff = time.monotonic(), Backoff(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)
        while True:
            try:
                with self.work.doing(f"writing {len(signals)} signals to the store", self._store_patience):
                    return self._store.write(signals, self._clock.now())
            except TryLater as error:
                pause = backoff.failed()
                count_error(NAME, error)
                log.warning(
                    "store_away",
                    error=str(error),
                    signals_in_hand=len(signals),
                    retry_in_seconds=round(pause, 1),
                )
            if self._subscription is not None and (held := time.monotonic() - began) >= HOLD_SECONDS:
                log.warning("signals_given_back", after_seconds=round(held))
                self._give_back()
            if stop.wait(pause):
                return None

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
