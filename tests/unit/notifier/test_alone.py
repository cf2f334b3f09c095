from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from services.common.clock import ManualClock
from services.common.errors import StopProgram, TryLater
from services.common.history.notifying.port import NotifierLog
from services.common.history.writing import open_notifier_log
from services.common.settings.settings import Settings
from services.notifier import alone as alone_module
from services.notifier.alone import Alone
from tests.support.history.tables import with_tables
from tests.support.notifier.samples import NOW


@pytest.fixture
def log(sqlite_history: Settings) -> Iterator[NotifierLog]:
    opened = open_notifier_log(with_tables(sqlite_history))
    yield opened
    opened.close()


def test_a_second_one_with_the_same_state_is_refused_until_the_first_has_ended(
    tmp_path: Path, log: NotifierLog
) -> None:
    first, second = (Alone(tmp_path, log, ManualClock(NOW)) for _ in range(2))
    first.take()
    with pytest.raises(StopProgram, match="a notifier is running already: it has locked"):
        second.take()
    first.release()
    second.take()
    second.release()


def test_one_on_another_machine_waits_and_is_refused_when_it_sees_the_lease_renewed(
    tmp_path: Path, log: NotifierLog
) -> None:
    clock = ManualClock(NOW)
    first, second = Alone(tmp_path / "a", log, clock), Alone(tmp_path / "b", log, clock)
    first.take()
    with pytest.raises(TryLater, match="waiting whether the notifier of"):
        second.take()
    clock.advance(1)
    first.renew()
    with pytest.raises(StopProgram, match="another notifier is alive"):
        second.take()


def test_a_lease_that_is_not_renewed_is_taken_over_whatever_the_clocks_say(
    tmp_path: Path, log: NotifierLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = ManualClock(NOW + timedelta(days=300))  # so its lease ends in the far future for the other
    first, second = Alone(tmp_path / "a", log, ahead), Alone(tmp_path / "b", log, ManualClock(NOW))
    first.take()
    with pytest.raises(TryLater):
        second.take()
    monkeypatch.setattr(alone_module, "DEAD_SECONDS", 0.0)
    second.take()
    with pytest.raises(StopProgram, match="another notifier has taken over"):
        first.renew()


def test_one_that_was_killed_is_followed_at_once_on_the_same_machine(
    tmp_path: Path, log: NotifierLog
) -> None:
    killed = Alone(tmp_path, log, ManualClock(NOW))
    killed.take()
    assert killed._descriptor is not None
    os.close(killed._descriptor)  # as the kernel does; the lease stays
    follower = Alone(tmp_path, log, ManualClock(NOW))
    follower.take()
    follower.renew()


def test_nothing_is_sent_while_the_lease_cannot_be_renewed(tmp_path: Path, log: NotifierLog) -> None:
    class Away:
        def take_lease(self, *_: object, **__: object) -> None:
            raise TryLater("the history is away")

    one = Alone(tmp_path, log, ManualClock(NOW))
    one.take()
    one.check()
    one._renewed = float("-inf")
    one._log = Away()  # type: ignore[assignment]
    with pytest.raises(TryLater):
        one.check()
