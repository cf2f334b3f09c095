"""A broker and a store that fail when a test says so, for what cannot be had from real ones at will."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.common.broker.port import Delivery, OutgoingMessage, QueueState
from services.common.clock import to_ms
from services.common.errors import CryptoBoyError
from services.common.messages import SentimentSignal
from services.common.runtime.health import DependencyHealth
from services.common.scored_pairs import ScoredPairs
from services.common.store.holds import Hold, StoredHolds, new_id
from services.common.store.keys import KEPT
from services.common.store.port import StoredSignals, WriteOutcome

QUEUE = "sentiment_signals_queue"


def delivery_of(body: bytes, token: object = None) -> Delivery:
    return Delivery(QUEUE, body, "id", {}, attempts=0, redelivered=False, token=token)


@dataclass
class FakeSubscription:
    """Hands out `batches` one by one, then sets `stop`. `events` tells what was done, in order."""

    batches: list[list[Delivery]]
    stop: threading.Event
    events: list[tuple[str, Any]] = field(default_factory=list)
    on_receive: Callable[[], None] = lambda: None
    on_close: Callable[[], None] = lambda: None
    dead_letter_error: CryptoBoyError | None = None

    def receive(self, max_messages: int, timeout: float) -> list[Delivery]:
        self.on_receive()
        self.events.append(("receive", (max_messages, timeout)))
        if not self.batches:
            self.stop.set()
            return []
        return self.batches.pop(0)

    def ack(self, deliveries: Sequence[Delivery]) -> None:
        self.events.append(("ack", list(deliveries)))

    def release(self, deliveries: Sequence[Delivery]) -> None:
        self.events.append(("release", list(deliveries)))

    def retry(self, delivery: Delivery, error: str) -> bool:
        self.events.append(("retry", (delivery, error)))
        return False

    def dead_letter(self, delivery: Delivery, reason: str) -> None:
        if self.dead_letter_error:
            raise self.dead_letter_error
        self.events.append(("dead_letter", (delivery, reason)))

    def close(self) -> None:
        self.events.append(("close", None))
        self.on_close()

    def happened(self, name: str) -> list[Any]:
        return [about for event, about in self.events if event == name]


@dataclass
class FakeBroker:
    """Gives its one subscription to everybody."""

    subscription: FakeSubscription
    subscribed: list[tuple[str, int]] = field(default_factory=list)
    failures: list[CryptoBoyError] = field(default_factory=list)
    closed: bool = False

    def start(self) -> None:
        """Nothing to connect to."""

    def publish(self, messages: Sequence[OutgoingMessage], timeout: float = 30.0) -> None:
        raise NotImplementedError

    def subscribe(self, queue: str, prefetch: int) -> FakeSubscription:
        if self.failures:
            raise self.failures.pop(0)
        self.subscribed.append((queue, prefetch))
        return self.subscription

    def queues(self) -> list[QueueState]:
        return []

    def health(self) -> DependencyHealth:
        return DependencyHealth(ok=True, detail="fake broker")

    def close(self) -> None:
        self.closed = True


@dataclass
class FakeHolds:
    """Holds in memory, as the real store has them."""

    fields: dict[str, str] = field(default_factory=dict)
    id: str | None = None

    def read(self) -> StoredHolds:
        return StoredHolds(dict(self.fields), self.id, has_entries_key=False)

    def set(self, hold: Hold) -> None:
        self.fields[hold.owner], self.id = hold.as_text(), new_id()

    def lift(self, owner: str) -> None:
        self.fields.pop(owner, None)
        self.id = new_id()

    def resume(self, owners: Collection[str], now: datetime) -> None:
        for owner in owners:
            self.fields.pop(owner, None)
        self.fields[KEPT], self.id = now.isoformat(), new_id()

    def begin(self, id: str, now: datetime) -> str | None:  # noqa: A002 - the port's name
        if not self.fields and self.id is None:
            self.fields[KEPT], self.id = now.isoformat(), id
        return self.id if KEPT in self.fields else None

    def mark(self, id: str) -> None:  # noqa: A002 - the port's name
        self.id = self.id or id

    def refuse(self) -> None:
        self.fields.pop(KEPT, None)


@dataclass
class FakeStore:
    """Raises `failures` one by one, then takes everything as the newest."""

    failures: list[CryptoBoyError] = field(default_factory=list)
    written: list[list[SentimentSignal]] = field(default_factory=list)
    written_at: list[datetime] = field(default_factory=list)
    outcome: WriteOutcome = WriteOutcome.NEWEST
    closed: bool = False
    told: ScoredPairs | None = None
    sentiment: dict[str, dict[str, str]] = field(default_factory=dict)
    holds: FakeHolds = field(default_factory=FakeHolds)
    policy: str | None = "noeviction"
    signals: list[SentimentSignal] = field(default_factory=list)
    asked_from: list[dict[str, int]] = field(default_factory=list)
    _ok: bool = True

    def write(self, signals: Sequence[SentimentSignal], now: datetime) -> list[WriteOutcome]:
        self._fail()
        self.written.append(list(signals))
        self.written_at.append(now)
        return [self.outcome] * len(signals)

    def current(self, pairs: Sequence[str]) -> dict[str, dict[str, str] | None]:
        self._fail()
        return {pair: self.sentiment.get(pair) for pair in pairs}

    def history(self, pair: str, limit: int = 100) -> list[SentimentSignal]:
        raise NotImplementedError

    def signals_from(self, positions: Mapping[str, int]) -> dict[str, StoredSignals]:
        self._fail()
        if positions:
            self.asked_from.append(dict(positions))
        return {
            pair: StoredSignals(
                [each for each in self.signals if each.pair == pair and _instant(each) >= position],
                sum(each.pair == pair for each in self.signals),
            )
            for pair, position in positions.items()
        }

    def scored_pairs(self) -> ScoredPairs | None:
        self._fail()
        return self.told

    def announce_scored_pairs(self, scored: ScoredPairs) -> None:
        self._fail()
        self.told = dict(scored)

    def eviction_policy(self) -> str | None:
        return self.policy

    def health(self) -> DependencyHealth:
        return DependencyHealth(ok=self._ok, detail="fake store")

    def check(self) -> None:
        self._fail()

    def close(self) -> None:
        self.closed = True

    def _fail(self) -> None:
        self._ok = not self.failures
        if self.failures:
            raise self.failures.pop(0)


def _instant(signal: SentimentSignal) -> int:
    assert signal.available_at is not None
    return to_ms(signal.available_at)
