from __future__ import annotations

import pytest
from prometheus_client import REGISTRY

from services.common.broker.port import QueueState
from services.common.errors import TryLater
from services.common.runtime.health import DependencyHealth
from services.common.runtime.lag import LOOKS
from services.data_ingestor.news.turns.back_pressure import (
    LOOK_SECONDS,
    STRETCHED_FOR_LAG,
    QueuePressure,
    stretch,
)
from tests.support.broker.news_broker import MemoryBroker

LIMIT = 60.0


class QueueOfLength(MemoryBroker):
    """Its news queue is as long as the test says; None: it cannot be asked, and fails who asks."""

    def __init__(self) -> None:
        super().__init__()
        self.length: int | None = 0
        self.oldest: float | None = None
        self.well = True
        self.asked = 0

    def queues(self) -> list[QueueState]:
        self.asked += 1
        if self.length is None:
            raise TryLater("away")
        return [
            QueueState("raw_market_data", "quorum", 9_999, None, 0),
            QueueState("raw_news_data", "quorum", self.length, None, 0, self.oldest),
        ]

    def health(self) -> DependencyHealth:
        return DependencyHealth(ok=self.well)


def test_the_pause_grows_with_the_queue_and_only_so_far() -> None:
    assert [stretch(length, 100) for length in (0, 99, 100, 200, 300, 10**6)] == [1, 1, 2, 3, 4, 4]


def test_a_queue_is_long_from_its_bound_on_and_told_so() -> None:
    broker = QueueOfLength()
    pressure = QueuePressure(broker, 100, LIMIT)
    broker.length = 99
    assert not pressure.look(0.0)
    assert pressure.health().ok
    broker.length = 100
    assert pressure.look(LOOK_SECONDS)
    health = pressure.health()
    assert (health.ok, health.required) == (False, False)
    assert "100 messages in raw_news_data, long from 100" in health.detail
    assert pressure.stretch(100) == 3


def test_the_broker_is_not_asked_again_within_a_second() -> None:
    broker = QueueOfLength()
    pressure = QueuePressure(broker, 100, LIMIT)
    for moment in (0.0, 0.2, 0.9, 1.0, 1.1):
        pressure.look(moment)
    assert broker.asked == 2


@pytest.mark.parametrize("well", [True, False])
def test_a_broker_that_does_not_answer_leaves_the_last_answer(well: bool) -> None:
    broker = QueueOfLength()
    pressure = QueuePressure(broker, 100, LIMIT)
    broker.length = 150
    assert pressure.look(0.0)
    broker.length, broker.well = None, well
    assert pressure.look(10.0)


def test_a_broker_that_lists_no_such_queue_holds_nobody_back() -> None:
    assert not QueuePressure(MemoryBroker(), 1, LIMIT).look(0.0)


def test_news_that_waits_long_holds_back_and_slows_down_though_the_queue_is_short() -> None:
    broker = QueueOfLength()
    pressure = QueuePressure(broker, 100, LIMIT)
    broker.length, broker.oldest = 3, LIMIT + 1
    assert [pressure.look(float(moment)) for moment in range(LOOKS)] == [False] * (LOOKS - 1) + [True]
    assert pressure.stretch(0) == STRETCHED_FOR_LAG
    assert pressure.stretch(10_000) == 4
    assert "the first article in the queue is 61 s old (LAG_LIMIT 60)" in pressure.health().detail
    assert REGISTRY.get_sample_value("cryptoboy_back_pressure") == 1
    broker.length = 0
    assert not pressure.look(100.0)
    assert pressure.health().ok


def test_where_the_broker_does_not_tell_the_age_it_follows_from_what_was_published() -> None:
    broker = QueueOfLength()
    pressure = QueuePressure(broker, 100, LIMIT)
    pressure.published(5, 0.0)
    pressure.published(5, 100.0)
    broker.length = 5
    assert not any(pressure.look(100.0 + moment) for moment in range(LOOKS))
    broker.length = 6
    assert [pressure.look(110.0 + moment) for moment in range(LOOKS)][-1]


def test_a_queue_is_empty_until_something_is_put_there_and_where_nobody_can_tell_it_is_not() -> None:
    broker = QueueOfLength()
    pressure = QueuePressure(broker, 100, LIMIT)
    assert not pressure.is_empty
    pressure.look(0.0)
    assert pressure.is_empty
    pressure.published(1, 0.5)
    assert not pressure.is_empty
    broker.length = 1
    pressure.look(2.0)
    assert not pressure.is_empty
    broker.length = 0
    pressure.look(4.0)
    assert pressure.is_empty
    broker.well = False
    pressure.look(6.0)
    assert not pressure.is_empty
