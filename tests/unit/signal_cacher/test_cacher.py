from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import structlog
from prometheus_client import REGISTRY

from services.common.broker import batches
from services.common.broker.port import TooManyDeadLetters
from services.common.clock import ManualClock
from services.common.errors import StopProgram, TryLater
from services.common.settings.settings import Settings
from services.common.store.holds import StoredHolds
from services.common.store.port import WriteOutcome
from services.signal_cacher import cacher as cacher_module
from services.signal_cacher.cacher import SignalCacher
from tests.support.pipeline.cacher_fakes import QUEUE, FakeBroker, FakeStore, FakeSubscription, delivery_of
from tests.support.store.store_samples import NOW, PAIR, make_signal

AWAY = TryLater("Redis at nowhere:1 cannot be used now")
GOOD, OTHER = delivery_of(make_signal("a").encode()), delivery_of(make_signal("b").encode())
BAD = delivery_of(b"not json")


class House:
    """A cacher between fakes."""

    def __init__(self, *batches: list[Any], failures: tuple[Any, ...] = ()) -> None:
        self.stop = threading.Event()
        self.subscription = FakeSubscription(list(batches), self.stop)
        self.broker = FakeBroker(self.subscription)
        self.store = FakeStore()
        self.cacher = SignalCacher(Settings(), self.broker, self.store, ManualClock(NOW))
        self.cacher.start()
        self.store.failures.extend(failures)

    def run(self) -> None:
        self.cacher.run(self.stop)

    def happened(self, name: str) -> list[Any]:
        return self.subscription.happened(name)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)  # where STATE_DIR is, as it is not set
    monkeypatch.setattr(batches, "FIRST_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(cacher_module, "REJECT_PAUSE_SECONDS", 0.001)


def cached(outcome: str, pair: str = PAIR) -> float:
    name = "cryptoboy_signals_cached_total"
    return REGISTRY.get_sample_value(name, {"pair": pair, "outcome": outcome}) or 0.0


def test_the_first_questions_to_the_store_are_in_hand() -> None:
    asked: list[list[str]] = []

    class WatchedStore(FakeStore):
        def _fail(self) -> None:
            asked.append([step.what for step in cacher.work.grow_older(0.0)])

    stop = threading.Event()
    cacher = SignalCacher(
        Settings(), FakeBroker(FakeSubscription([], stop)), WatchedStore(), ManualClock(NOW)
    )
    cacher.start()
    assert asked == [["asking the store for the first time"]] * 4


def test_a_batch_is_one_write_and_one_acknowledgement() -> None:
    house = House([GOOD, OTHER])
    house.run()
    assert [[signal.article_id for signal in batch] for batch in house.store.written] == [["a", "b"]]
    assert house.store.written_at == [NOW]
    assert house.happened("ack") == [[GOOD, OTHER]]


def test_what_can_never_work_is_dead_lettered_and_the_rest_goes_on() -> None:
    house = House([GOOD, BAD], [BAD], [OTHER])
    house.run()
    assert house.happened("ack") == [[GOOD], [OTHER]]
    assert [delivery for delivery, _ in house.happened("dead_letter")] == [BAD, BAD]
    assert house.happened("release") == []


def test_while_the_store_is_away_the_batch_stays_in_hand_and_nothing_is_received() -> None:
    house = House([GOOD], [OTHER], failures=(AWAY, AWAY, AWAY))
    house.run()
    names = [name for name, _ in house.subscription.events]
    assert names == ["receive", "ack", "receive", "ack", "receive"]
    assert house.happened("ack") == [[GOOD], [OTHER]]


def test_a_store_that_is_away_for_long_costs_one_delivery_and_its_return_another_subscription(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(batches, "HOLD_SECONDS", 0.0)
    house = House([GOOD], [GOOD], [OTHER], failures=(AWAY,) * 3)
    house.run()
    names = [name for name, _ in house.subscription.events]
    assert names == ["receive", "close", "receive", "ack", "receive", "ack", "receive"]
    assert len(house.broker.subscribed) == 2
    assert [[signal.article_id for signal in batch] for batch in house.store.written] == [["a"], ["a"], ["b"]]


def test_a_stop_while_the_store_is_away_for_long_ends_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "HOLD_SECONDS", 0.0)
    house = House([GOOD], failures=(AWAY,) * 3)
    house.subscription.on_close = house.stop.set
    house.run()
    assert house.store.written == []
    assert len(house.broker.subscribed) == 1
    house.cacher.close()


def test_a_broker_that_is_away_when_the_store_is_back_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "HOLD_SECONDS", 0.0)
    house = House([GOOD], [GOOD], failures=(AWAY,))
    house.broker.failures.append(TryLater("no broker"))
    house.run()
    assert house.happened("ack") == [[GOOD]]
    assert len(house.store.written) == 2


def test_the_rest_of_a_batch_that_was_given_back_is_left_to_its_next_delivery(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(batches, "HOLD_SECONDS", 0.0)
    house = House([GOOD, BAD], [GOOD, BAD], failures=(AWAY,))
    house.run()
    names = [name for name, _ in house.subscription.events]
    assert names == ["receive", "close", "receive", "ack", "dead_letter", "receive"]


def test_stopping_while_the_store_is_away_gives_the_batch_back() -> None:
    house = House([GOOD], failures=(AWAY,) * 5)
    house.subscription.on_receive = house.stop.set
    house.run()
    assert house.happened("release") == [[GOOD]]
    assert house.happened("ack") == []
    assert len(house.store.failures) == 4


def test_stopping_finishes_the_batch_in_hand() -> None:
    house = House([GOOD], [OTHER])
    house.subscription.on_receive = house.stop.set
    house.run()
    assert house.happened("ack") == [[GOOD]]
    assert len(house.happened("receive")) == 1


def test_a_store_that_refuses_for_good_ends_the_service_and_nothing_is_acknowledged() -> None:
    house = House([GOOD], failures=(StopProgram("no rights"),))
    with pytest.raises(StopProgram):
        house.run()
    assert house.happened("ack") == []


def test_a_dead_letter_that_is_not_taken_is_given_back_and_the_rest_goes_on() -> None:
    house = House([BAD, GOOD])
    house.subscription.dead_letter_error = TryLater("no confirm")
    house.run()
    assert house.happened("release") == [[BAD]]
    assert house.happened("ack") == [[GOOD]]


def test_messages_are_dealt_with_in_the_order_of_the_queue() -> None:
    house = House([GOOD, OTHER, BAD, GOOD])
    house.run()
    assert [name for name, _ in house.subscription.events][:4] == ["receive", "ack", "dead_letter", "ack"]
    assert house.happened("ack") == [[GOOD, OTHER], [GOOD]]


def test_when_nearly_everything_would_be_a_dead_letter_the_subscription_is_closed_and_the_holds_are_looked_after(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("services.signal_cacher.holds_watch.LOOK_SECONDS", 0.0)
    house = House([GOOD, BAD, OTHER])
    looked: list[int] = []
    house.subscription.dead_letter_error = TooManyDeadLetters("10 of 10")

    def stopped() -> None:
        house.broker.failures.extend([TooManyDeadLetters("10 of 10")] * 3)
        monkeypatch.setattr(house.store.holds, "read", counted(house.store.holds.read))

    def counted(read: Callable[[], StoredHolds]) -> Callable[[], StoredHolds]:
        def reading() -> StoredHolds:
            looked.append(len(house.broker.failures))
            return read()

        return reading

    house.subscription.on_close = stopped
    house.run()
    assert [name for name, _ in house.subscription.events] == ["receive", "ack", "close", "receive"]
    assert {0, 1, 2, 3} <= set(looked)


def test_health_follows_the_store_between_messages() -> None:
    house = House([], [], failures=(AWAY,))
    seen: list[bool] = []
    house.subscription.on_receive = lambda: seen.append(house.cacher.health()["redis"].ok)
    house.run()
    assert seen == [True, False, True]
    assert house.cacher.health()["broker"].ok is True
    assert [name for name, part in house.cacher.health().items() if part.required] == ["broker", "redis"]


def test_lost_holds_are_noticed_on_a_store_that_takes_no_announcement(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("services.signal_cacher.announced.ANNOUNCE_SECONDS", 0.0)
    monkeypatch.setattr("services.signal_cacher.holds_watch.LOOK_SECONDS", 0.0)
    house = House([], [])
    assert house.cacher.health()["holds"].ok is True

    def refuse(_scored: object) -> None:
        raise AWAY

    monkeypatch.setattr(house.store, "announce_scored_pairs", refuse)
    house.store.holds.fields.clear()
    house.run()
    assert house.cacher.health()["holds"].ok is False


def test_outcomes_are_counted_by_pair_with_foreign_pairs_together() -> None:
    foreign = delivery_of(make_signal("c", pair="DOGE/USDT").encode())
    before = (cached("newest"), cached("newest", "other"))
    House([GOOD, foreign]).run()
    assert (cached("newest"), cached("newest", "other")) == (before[0] + 1, before[1] + 1)


def test_the_log_says_of_each_article_what_became_of_its_signals(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with structlog.testing.capture_logs() as lines:
        monkeypatch.setattr(cacher_module, "log", structlog.get_logger())
        House([GOOD, OTHER], [BAD]).run()
    (cached_line,) = [line for line in lines if line["event"] == "signals_cached"]
    assert cached_line["trace_ids"] == {"a": {PAIR: "newest"}, "b": {PAIR: "newest"}}
    assert cached_line["log_level"] == "info"


def test_the_age_of_signals_is_measured_when_they_are_written() -> None:
    name, labels = "cryptoboy_queue_lag_seconds_count", {"queue": QUEUE}
    before = REGISTRY.get_sample_value(name, labels) or 0.0
    House([GOOD, OTHER]).run()
    assert REGISTRY.get_sample_value(name, labels) == before + 2


def test_a_duplicate_is_acknowledged_and_counted_as_one() -> None:
    before = cached("duplicate")
    house = House([GOOD])
    house.store.outcome = WriteOutcome.DUPLICATE
    house.run()
    assert house.happened("ack") == [[GOOD]]
    assert cached("duplicate") == before + 1


def test_starting_again_after_a_failure_subscribes_once() -> None:
    stop = threading.Event()
    broker, store = FakeBroker(FakeSubscription([], stop)), FakeStore([AWAY])
    cacher = SignalCacher(Settings(), broker, store, ManualClock(NOW))
    with pytest.raises(TryLater):
        cacher.start()
    cacher.start()
    cacher.start()
    ((queue, prefetch),) = broker.subscribed
    assert queue == QUEUE
    assert prefetch >= 100
    cacher.close()
    assert (broker.closed, store.closed) == (True, True)
