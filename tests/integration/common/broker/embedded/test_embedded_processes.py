"""The embedded broker between processes, some of which are killed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from services.common.broker.options import BrokerOptions
from services.common.broker.port import Broker
from services.common.settings.folders import PYTHON_PATH
from services.common.settings.settings import PROJECT_ROOT, Settings
from tests.support.broker.broker_house import BrokerHouse, news, receive_all, receive_one, state_of
from tests.support.waiting import eventually

NEWS = "raw_news_data"
WORKER = Path(__file__).with_name("embedded_worker.py")


@pytest.fixture
def house(embedded_settings: Settings) -> Iterator[BrokerHouse]:
    place = BrokerHouse(embedded_settings, BrokerOptions())
    yield place
    place.close()


@contextmanager
def _worker(house: BrokerHouse, what: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, str(WORKER), what, str(house.settings.state_dir)],
        cwd=PROJECT_ROOT,
        env={"PYTHONPATH": PYTHON_PATH, "PATH": ""},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()


def _lines(process: subprocess.Popen[str], count: int) -> list[str]:
    assert process.stdout is not None
    return [process.stdout.readline().strip() for _ in range(count)]


def test_what_a_killed_process_had_in_hand_comes_to_another(house: BrokerHouse) -> None:
    broker = house.broker()
    broker.publish([news(number) for number in range(4)])
    with _worker(house, "hold") as process:
        assert len(_lines(process, 4)) == 4
        assert state_of(broker, NEWS).unacknowledged == 4
        process.kill()
        subscription = broker.subscribe(NEWS, 10)
        again = receive_all(subscription, 4)
    assert [each.body for each in again] == [news(number).body for number in range(4)]
    assert all(each.redelivered and each.attempts == 0 for each in again)
    assert state_of(broker, NEWS).consumers == 1


def test_the_dead_are_noticed_by_who_was_waiting_already(house: BrokerHouse) -> None:
    broker = house.broker()
    with _worker(house, "hold") as process:
        eventually(lambda: state_of(broker, NEWS).consumers == 1, "it consumes")
        broker.publish([news(1)])
        _lines(process, 1)
        subscription = broker.subscribe(NEWS, 10)
        assert subscription.receive(1, 0.2) == []
        process.kill()
        assert receive_one(subscription).body == news(1).body


def test_every_confirmed_message_survives_the_kill_of_its_publisher(house: BrokerHouse) -> None:
    with _worker(house, "publish") as process:
        _lines(process, 20)
        process.kill()
        assert process.stdout is not None
        confirmed = 20 + len(process.stdout.readlines())
    # As many as there are: on a busy machine thousands are published before the kill.
    subscription = house.broker().subscribe(NEWS, confirmed)
    bodies = [each.body for each in receive_all(subscription, confirmed)]
    assert bodies == [b"%d" % number for number in range(confirmed)]


def test_between_them_two_processes_get_every_message_once(house: BrokerHouse) -> None:
    broker = house.broker()
    with _worker(house, "drain") as one, _worker(house, "drain") as other:
        assert _lines(one, 1) == _lines(other, 1) == ["ready"]
        for start in range(0, 300, 10):
            broker.publish([news(start + number, b"%d" % (start + number)) for number in range(10)])
        eventually(lambda: all(count == 0 for count in _left(broker)), "all are ended")
        mine, _ = one.communicate()  # which ends its input
        theirs, _ = other.communicate()
    assert sorted(int(line) for line in (mine + theirs).split()) == list(range(300))


def _left(broker: Broker) -> tuple[int, int | None]:
    state = state_of(broker, NEWS)
    return state.ready, state.unacknowledged
