from __future__ import annotations

import os
import threading
from collections.abc import Iterator, MutableMapping
from contextlib import ExitStack
from typing import Any

import pytest
import structlog
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from services.common.runtime.watchdog import MOST_COUNTED_SECONDS, Watchdog
from services.common.runtime.work import Call, CallsInProgress, stuck


def counted() -> float:
    return REGISTRY.get_sample_value("cryptoboy_work_stuck_total", {"service": "tested"}) or 0.0


class House:
    """A watchdog that stays although it leaves."""

    def __init__(self) -> None:
        self.work = CallsInProgress()
        self.left: list[int] = []
        self.dog = Watchdog("tested", self.work, stuck_after=10.0, give_up_after=20.0, leave=self.left.append)

    def pass_time(self, seconds: float) -> None:
        for _ in range(round(seconds)):
            self.dog.look(1.0)


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def doing() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def test_a_call_counts_as_stuck_only_beyond_its_own_bound() -> None:
    calls = [
        Call(number, name, patience, age)
        for number, (name, patience, age) in enumerate([("a", 5, 14), ("b", 0, 10), ("c", 5, 30)])
    ]
    assert [call.what for call in stuck(calls, 10.0)] == ["c", "b"]


def test_a_call_that_does_not_come_back_is_counted_told_once_and_shown(
    house: House, doing: ExitStack
) -> None:
    before = counted()
    doing.enter_context(house.work.doing("reading a letter", 5.0))
    house.pass_time(14)
    assert house.dog.health().ok
    with capture_logs() as logs:
        house.pass_time(6)
    assert [(entry["event"], entry.get("doing"), entry.get("seconds")) for entry in logs] == [
        ("work_stuck", "reading a letter", 15.0),
        ("thread_stacks", None, None),
    ]
    assert counted() == before + 1
    health = house.dog.health()
    assert (health.ok, health.required) == (False, True)
    assert health.detail == (
        "reading a letter has not come back for 20 s; this process ends in 15 s, to be started again"
    )
    assert house.left == []


def test_when_it_comes_back_after_all_that_is_told_and_everything_is_well(
    house: House, doing: ExitStack
) -> None:
    doing.enter_context(house.work.doing("reading a letter", 0.0))
    house.pass_time(12)
    doing.close()
    with capture_logs() as logs:
        house.pass_time(30)
    assert [entry["event"] for entry in logs] == ["work_came_back"]
    assert house.dog.health().ok
    assert house.left == []


def test_in_the_end_the_process_is_given_up_with_a_status_that_means_try_again(
    house: House, doing: ExitStack
) -> None:
    doing.enter_context(house.work.doing("reading a letter", 5.0))
    house.pass_time(34)
    assert house.left == []
    house.pass_time(1)
    assert house.left == [os.EX_TEMPFAIL]


def test_a_log_that_takes_nothing_holds_up_neither_its_looks_nor_its_leaving(
    house: House, doing: ExitStack
) -> None:
    read = threading.Event()

    def never_written(_logger: object, _method: str, _event: MutableMapping[str, Any]) -> str:
        read.wait()
        raise structlog.DropEvent

    processors = structlog.get_config()["processors"]  # in place, for loggers that were used before hold it
    doing.callback(processors.__setitem__, slice(None), processors[:])
    doing.callback(read.set)
    processors[:] = [never_written]
    doing.enter_context(house.work.doing("reading a letter", 0.0))
    looking = threading.Thread(target=house.pass_time, args=(30,), daemon=True)
    looking.start()
    looking.join(20)
    assert house.left == [os.EX_TEMPFAIL]


def test_one_stuck_call_is_not_hidden_by_others_that_come_and_go(house: House, doing: ExitStack) -> None:
    doing.enter_context(house.work.doing("reading a letter", 0.0))
    for _ in range(30):
        with house.work.doing("reading a note", 0.0):
            house.pass_time(1)
    assert house.left == [os.EX_TEMPFAIL]


def test_a_machine_that_slept_makes_nothing_look_stuck(house: House, doing: ExitStack) -> None:
    doing.enter_context(house.work.doing("reading a letter", 0.0))
    house.dog.look(3600.0)
    assert house.dog.health().ok
    (call,) = house.work.grow_older(0.0)
    assert call.age == MOST_COUNTED_SECONDS


def test_a_call_that_fails_is_no_longer_in_hand(house: House) -> None:
    with pytest.raises(ZeroDivisionError), house.work.doing("dividing", 0.0):
        raise ZeroDivisionError
    assert house.work.grow_older(1.0) == ()


def test_the_stacks_of_all_threads_are_logged_once_however_many_calls_are_stuck(
    house: House, doing: ExitStack
) -> None:
    is_inside, may_return = threading.Event(), threading.Event()
    doing.callback(may_return.set)

    def never_returns() -> None:
        with house.work.doing("reading a letter", 0.0):
            is_inside.set()
            may_return.wait(60)

    threading.Thread(target=never_returns, name="reader-1", daemon=True).start()
    assert is_inside.wait(30)
    doing.enter_context(house.work.doing("reading a parcel", 3.0))
    with capture_logs() as logs:
        house.pass_time(15)
    stacks = [entry["stack"] for entry in logs if entry["event"] == "thread_stacks"]
    assert [entry["event"] for entry in logs].count("work_stuck") == 2
    assert len(stacks) == 1
    assert "reader-1:" in stacks[0]
    assert "in never_returns" in stacks[0]
    assert "in pass_time" not in stacks[0], "the thread of the watchdog itself is of no interest"
