"""Answers that are kept for some seconds."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from services.api.recent import Recent
from services.common.errors import TryLater
from tests.support.waiting import PATIENCE_SECONDS, eventually


def test_callers_that_waited_get_the_error_of_the_one_they_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked, go_on = [], threading.Event()

    def find() -> None:
        asked.append(1)
        go_on.wait(PATIENCE_SECONDS)
        raise TryLater("it is away")

    recent = Recent(find, 60)
    looked_at_the_clock: list[float] = []

    def now() -> float:
        found = time.monotonic()
        looked_at_the_clock.append(found)
        return found

    monkeypatch.setattr("services.api.recent.time", SimpleNamespace(monotonic=now))
    with ThreadPoolExecutor(4) as threads:
        found = [threads.submit(recent.get) for _ in range(4)]
        eventually(lambda: len(looked_at_the_clock) == 4 and len(asked) == 1, "all callers wait")
        go_on.set()
        assert all(isinstance(each.exception(PATIENCE_SECONDS), TryLater) for each in found)
    assert len(asked) == 1
    with pytest.raises(TryLater):
        recent.get()
    assert len(asked) == 2
