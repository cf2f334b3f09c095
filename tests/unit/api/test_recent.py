"""Answers that are kept for some seconds."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from services.api.recent import Recent
from services.common.errors import TryLater
from tests.support.waiting import eventually


def test_callers_that_waited_get_the_error_of_the_one_they_waited_for() -> None:
    asked, go_on = [], threading.Event()

    def find() -> None:
        asked.append(1)
        go_on.wait(20)
        raise TryLater("it is away")

    recent = Recent(find, 60)
    began = []

    def get() -> None:
        began.append(1)
        recent.get()

    with ThreadPoolExecutor(4) as threads:
        found = [threads.submit(get) for _ in range(4)]
        eventually(lambda: len(began) == 4 and len(asked) == 1, "all callers wait")
        threading.Event().wait(0.1)
        go_on.set()
        assert all(isinstance(each.exception(20), TryLater) for each in found)
    assert len(asked) == 1
    with pytest.raises(TryLater):
        recent.get()
    assert len(asked) == 2
