from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from services.common.errors import StopProgram, TryLater
from services.history_recorder import follower as follower_module
from services.history_recorder.follower import Follower


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FIRST_PAUSE_SECONDS", "LONGEST_PAUSE_SECONDS", "REFUSED_SECONDS"):
        monkeypatch.setattr(follower_module, name, 0.001)


def followed(*steps: Callable[[], float]) -> tuple[Follower, list[tuple[bool, str]]]:
    """A follower that has taken these steps, and its health before each of them and after the last."""
    waiting, done, seen = list(steps), threading.Event(), list[tuple[bool, str]]()

    def step(stop: threading.Event) -> float:
        seen.append((follower.health().ok, follower.health().detail))
        if not waiting:
            done.set()
            stop.wait()
            return 0.0
        return waiting.pop(0)()

    follower = Follower("history_recorder", "redis", step)
    follower.start()
    assert done.wait(30)
    return follower, seen


def fail(error: BaseException) -> Callable[[], Any]:
    def step() -> float:
        raise error

    return step


def test_failures_are_waited_out_and_health_follows() -> None:
    follower, seen = followed(
        lambda: 0.0, fail(TryLater("away")), fail(StopProgram("no rights")), lambda: 0.0
    )
    assert seen == [
        (False, "not asked yet"),
        (True, "redis"),
        (False, "away"),
        (False, "no rights"),
        (True, "redis"),
    ]
    assert not follower.health().required
    follower.check()
    follower.close()


def test_an_error_that_nobody_expected_ends_the_service() -> None:
    follower = Follower("history_recorder", "redis", lambda _stop: fail(ZeroDivisionError("bug"))())
    follower.start()
    follower.close()
    with pytest.raises(ZeroDivisionError):
        follower.check()
