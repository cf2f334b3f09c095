"""What the embedded queue counts of what comes and goes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from prometheus_client import REGISTRY

from services.common.broker.embedded import statements as sql
from services.common.broker.embedded.broker import FILE_NAME
from services.common.broker.embedded.file import QueueFile
from services.common.broker.options import BrokerOptions
from services.common.broker.port import OutgoingMessage
from services.common.broker.topology import HISTORY, NEWS_SCORED
from services.common.settings.settings import Settings
from tests.support.broker.broker_house import SHORT_RETRY_SECONDS, BrokerHouse, news, receive_all, receive_one

NEWS = "raw_news_data"


@pytest.fixture
def house(embedded_settings: Settings) -> Iterator[BrokerHouse]:
    place = BrokerHouse(embedded_settings, BrokerOptions(retry_delay=lambda _attempts: SHORT_RETRY_SECONDS))
    yield place
    place.close()


def traffic(house: BrokerHouse) -> dict[str, tuple[int, int]]:
    with closing(QueueFile(house.settings.state_dir / FILE_NAME)) as file, file.reading() as db:
        return {queue: counts for queue, counts in sql.traffic(db).items() if queue.startswith(NEWS)}


def test_all_that_was_stored_and_handed_out_counts_whatever_became_of_it(house: BrokerHouse) -> None:
    broker = house.broker()
    broker.publish([news(1), news(2), news(3)])
    subscription = broker.subscribe(NEWS, 2)
    first, second = receive_all(subscription, 2)
    assert traffic(house) == {NEWS: (3, 2)}
    subscription.ack([first])
    subscription.dead_letter(second, "never")
    subscription.retry(receive_one(subscription), "not now")
    receive_one(subscription)
    assert traffic(house) == {NEWS: (4, 4), f"{NEWS}.retry": (1, 0), f"{NEWS}.dlq": (1, 0)}


def test_a_file_from_before_anything_was_counted_is_used_on(house: BrokerHouse) -> None:
    house.broker().publish([news(1)])
    house.close()
    with closing(sqlite3.connect(house.settings.state_dir / FILE_NAME)) as db:
        db.execute("DROP TABLE traffic")
    receive_one(house.broker().subscribe(NEWS, 1))
    assert traffic(house) == {NEWS: (0, 1)}


def dropped() -> float:
    return REGISTRY.get_sample_value("cryptoboy_queue_dropped_total", {"queue": HISTORY.name}) or 0.0


def test_what_a_full_queue_drops_is_counted(house: BrokerHouse) -> None:
    before = dropped()
    house.broker(queue_max_length=2).publish(
        [OutgoingMessage(NEWS_SCORED, b"{}", f"r-{n}") for n in range(5)]
    )
    assert dropped() - before == 3


def test_a_long_queue_is_not_counted_for_each_message(
    house: BrokerHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[str] = []
    count = sql.count_ready

    def counting(db: sqlite3.Connection, queue: str) -> int:
        counted.append(queue)
        return count(db, queue)

    monkeypatch.setattr(sql, "count_ready", counting)
    broker = house.broker(queue_max_length=10_000)
    before = dropped()
    broker.publish([OutgoingMessage(NEWS_SCORED, b"{}", f"r-{n}") for n in range(10_001)])
    for number in range(10):
        broker.publish([OutgoingMessage(NEWS_SCORED, b"{}", f"s-{number}")])
    assert counted == [HISTORY.name]
    broker.publish([OutgoingMessage(NEWS_SCORED, b"{}", "t")])
    assert counted == [HISTORY.name] * 2
    assert dropped() - before == 22
