from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from services.common.errors import StopProgram, TryLater
from services.common.runtime.work import CallsInProgress
from services.notifier.watching.found import Found, Watch
from services.notifier.watching.rounds import Rounds
from tests.support.waiting import eventually


@dataclass
class Looking:
    """A watch whose looks raise what a test says, one after the other."""

    name: str = "feed"
    seconds: float = 0.01
    errors: list[Exception] = field(default_factory=list)
    looks: int = 0
    commits: int = 0

    def look(self) -> Found:
        self.looks += 1
        if self.errors:
            raise self.errors.pop(0)
        return Found()

    def commit(self) -> None:
        self.commits += 1


@dataclass
class Telling:
    """What is told, which raises as a test says."""

    errors: list[Exception] = field(default_factory=list)
    told: int = 0

    def __call__(self, _found: Found) -> None:
        if self.errors:
            raise self.errors.pop(0)
        self.told += 1


@pytest.fixture
def running() -> Iterator[list[Rounds]]:
    started: list[Rounds] = []
    yield started
    for rounds in started:
        rounds.close()


def start(running: list[Rounds], telling: Telling, *watches: Watch) -> Rounds:
    rounds = Rounds("tested", watches, telling, CallsInProgress())
    running.append(rounds)
    rounds.start()
    return rounds


def test_each_watch_is_looked_at_again_and_again_as_often_as_it_says(running: list[Rounds]) -> None:
    often, seldom, telling = Looking("often"), Looking("seldom", seconds=3600.0), Telling()
    rounds = start(running, telling, often, seldom)
    eventually(lambda: often.commits >= 3, lambda: str(often))
    assert seldom.looks == 1
    assert all(health.ok for health in rounds.health().values())


def test_what_could_not_be_written_is_not_noted_as_seen(running: list[Rounds]) -> None:
    watch, telling = Looking(seconds=3600.0), Telling([TryLater("the history is away")] * 1000)
    rounds = start(running, telling, watch)
    eventually(lambda: not rounds.health()["feed"].ok, lambda: str(rounds.health()))
    assert watch.commits == 0
    assert rounds.health()["feed"].detail == "the history is away"
    telling.errors.clear()
    eventually(lambda: watch.commits == 1, lambda: str(watch))
    eventually(lambda: rounds.health()["feed"].ok, lambda: str(rounds.health()))
    assert telling.told == 1


def test_a_watch_that_cannot_look_delays_no_other_of_its_thread(running: list[Rounds]) -> None:
    refused, other = Looking("refused", errors=[StopProgram("no rights")]), Looking("other")
    rounds = start(running, Telling(), refused, other)
    eventually(lambda: other.commits >= 3, lambda: str(other))
    assert refused.looks == 1
    assert rounds.health()["refused"].detail == "no rights"
    rounds.check()


def test_an_error_that_is_no_reaction_is_raised_where_the_thread_is_checked(running: list[Rounds]) -> None:
    rounds = start(running, Telling(), Looking(errors=[KeyError("odd")]))

    def is_raised() -> bool:
        try:
            rounds.check()
        except KeyError:
            return True
        return False

    eventually(is_raised, "the error is raised")


def test_a_closed_thread_looks_no_more(running: list[Rounds]) -> None:
    watch = Looking()
    rounds = start(running, Telling(), watch)
    eventually(lambda: watch.commits >= 1, lambda: str(watch))
    rounds.close()
    looks = watch.looks
    rounds.close()
    assert watch.looks == looks == watch.commits
