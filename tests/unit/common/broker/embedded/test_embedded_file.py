"""What can be wrong with the file of the embedded queue, and what is said about it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier

import pytest

from services.common.broker.embedded.broker import FILE_NAME
from services.common.broker.embedded.file import QueueFile
from services.common.broker.options import BrokerOptions
from services.common.errors import StopProgram, TryLater
from services.common.settings.settings import Settings
from tests.support.broker.broker_house import BrokerHouse, depth, news, receive_all, receive_one

NEWS = "raw_news_data"


@pytest.fixture
def house(embedded_settings: Settings) -> Iterator[BrokerHouse]:
    place = BrokerHouse(embedded_settings, BrokerOptions())
    yield place
    place.close()


def test_a_file_that_is_no_database_is_named_and_left_alone(tmp_path: Path, house: BrokerHouse) -> None:
    path = tmp_path / FILE_NAME
    path.write_bytes(b"a letter, not a database\n" * 100)
    with pytest.raises(StopProgram, match=str(path)):
        house.broker()
    assert path.read_bytes().startswith(b"a letter")


def test_a_database_of_somebody_else_is_named_and_left_alone(tmp_path: Path, house: BrokerHouse) -> None:
    path = tmp_path / FILE_NAME
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE recipes (name TEXT)")
        db.commit()
    with pytest.raises(StopProgram, match="another kind of database"):
        house.broker()
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT name FROM sqlite_master").fetchall() == [("recipes",)]
        assert db.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_a_file_may_be_made_by_many_at_once(tmp_path: Path) -> None:
    for number in range(10):
        path = tmp_path / str(number) / FILE_NAME
        together = Barrier(8)

        def make(path: Path, together: Barrier) -> None:
            together.wait()
            QueueFile(path).close()

        with ThreadPoolExecutor(8) as pool:
            for made in [pool.submit(make, path, together) for _ in range(8)]:
                made.result()


def test_a_damaged_file_is_reported_when_it_is_read(tmp_path: Path, house: BrokerHouse) -> None:
    broker = house.broker()
    broker.publish([news(number, b"x" * 2000) for number in range(200)])
    broker.close()
    path = tmp_path / FILE_NAME
    content = bytearray(path.read_bytes())
    content[4096 * 2 :] = b"\xff" * len(content[4096 * 2 :])
    path.write_bytes(bytes(content))
    with pytest.raises(StopProgram, match=f"{path} is damaged"):
        house.broker().subscribe(NEWS, 500).receive(500, 5)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, house: BrokerHouse) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StopProgram, match="STATE_DIR"):
        house.broker(state_dir=tmp_path / "file" / "state")


def test_a_file_removed_while_in_use_is_noticed(tmp_path: Path, house: BrokerHouse) -> None:
    broker = house.broker()
    subscription = broker.subscribe(NEWS, 1)
    for path in tmp_path.glob(f"{FILE_NAME}*"):
        path.unlink()
    with pytest.raises(StopProgram, match="removed"):
        broker.publish([news(1)])
    with pytest.raises(StopProgram, match="removed"):
        subscription.receive(1, 1)


def test_a_full_disk_is_waited_for_and_loses_nothing(house: BrokerHouse) -> None:
    broker = house.broker()
    broker.publish([news(1), news(2)])
    subscription = broker.subscribe(NEWS, 10)
    first, _second = receive_all(subscription, 2)
    with closing(_FullDisk(broker)):
        with pytest.raises(TryLater, match="Make room"):
            broker.publish([news(3, b"x" * 500_000)], timeout=1)
        assert depth(broker, NEWS) == 0
    broker.publish([news(3)])
    subscription.ack([first])
    assert receive_one(subscription).body == news(3).body


class _FullDisk:
    """Lets the file of a broker grow no more until it is closed."""

    def __init__(self, broker: object) -> None:
        file = getattr(broker, "_file", None)
        assert isinstance(file, QueueFile)
        self._db = file._db
        pages = self._db.execute("PRAGMA page_count").fetchone()[0]
        self._db.execute(f"PRAGMA max_page_count = {pages}")

    def close(self) -> None:
        self._db.execute("PRAGMA max_page_count = 1000000")


def test_a_file_that_another_process_keeps_is_waited_for(tmp_path: Path, house: BrokerHouse) -> None:
    broker = house.broker()
    with closing(sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(TryLater, match="locked"):
            broker.publish([news(1)], timeout=0.1)
        other.execute("ROLLBACK")
    broker.publish([news(1)])


def test_an_acknowledgement_that_cannot_be_written_is_made_up_for(tmp_path: Path, house: BrokerHouse) -> None:
    broker = house.broker()
    broker.publish([news(1)])
    subscription = broker.subscribe(NEWS, 10)
    delivery = receive_one(subscription)
    with closing(sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        subscription.ack([delivery])
        assert not broker.health().ok
        other.execute("ROLLBACK")
    assert subscription.receive(10, 0.1) == []
    assert broker.health().ok
    subscription.close()
    assert all(state.ready == state.unacknowledged == 0 for state in broker.queues())
