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
from tests.support.broker.broker_house import BrokerHouse, depth, is_empty, news, receive_all, receive_one

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


FORMER = """
CREATE TABLE messages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, body BLOB NOT NULL, message_id TEXT NOT NULL,
    headers TEXT NOT NULL, published INTEGER NOT NULL, stored_at REAL NOT NULL, due_at REAL,
    handed_out INTEGER NOT NULL DEFAULT 0, deaths INTEGER NOT NULL DEFAULT 0, lease INTEGER
);
CREATE INDEX ready ON messages (queue, seq) WHERE lease IS NULL;
CREATE INDEX leased ON messages (lease) WHERE lease IS NOT NULL;
CREATE INDEX due ON messages (queue, due_at) WHERE due_at IS NOT NULL;
CREATE TABLE consumers (id INTEGER PRIMARY KEY AUTOINCREMENT, owner TEXT NOT NULL, queue TEXT NOT NULL);
PRAGMA user_version = 1;
PRAGMA application_id = 1128419665;
INSERT INTO consumers VALUES (7, '1-dead', 'raw_news_data');
INSERT INTO messages (queue, body, message_id, headers, published, stored_at, due_at, handed_out, lease) VALUES
    ('raw_news_data', 'held', 'n1', '{}', 1, 1.0, NULL, 1, 7),
    ('raw_news_data', 'ready', 'n2', '{"x-cryptoboy-attempts": 2}', 2, 2.0, NULL, 0, NULL),
    ('raw_news_data.retry', 'waiting', 'n3', '{"x-cryptoboy-attempts": 1}', 3, 3.0, 4.0, 0, NULL),
    ('raw_news_data.dlq', 'dead', 'n4', '{"x-cryptoboy-reason": "not JSON"}', 4, 4.0, NULL, 0, NULL),
    ('sentiment_signals_queue', 'signal', 's1', '{}', 5, 5.0, NULL, 0, NULL);
"""
"""A file of the release before this one."""


def test_everything_in_a_file_of_the_former_version_is_still_there(
    tmp_path: Path, house: BrokerHouse
) -> None:
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.executescript(FORMER)
    broker = house.broker()
    found = {
        queue: [(each.message_id, each.attempts) for each in receive_all(broker.subscribe(queue, 10), count)]
        for queue, count in ((NEWS, 3), (f"{NEWS}.dlq", 1), ("sentiment_signals_queue", 1))
    }
    assert found == {
        NEWS: [("n1", 0), ("n2", 2), ("n3", 1)],
        f"{NEWS}.dlq": [("n4", 0)],
        "sentiment_signals_queue": [("s1", 0)],
    }


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
    assert is_empty(broker, NEWS)
