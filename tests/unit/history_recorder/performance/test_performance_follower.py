"""The recorder has the usual performance measured by a process of its own."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from services.common.clock import ManualClock
from services.common.errors import TryLater
from services.common.history.batch import Batch
from services.common.history.open import open_reader
from services.common.history.writing import open_history
from services.common.runtime.work import CallsInProgress
from services.common.settings.settings import Settings
from services.history_recorder.inbox import Inbox, merged
from services.history_recorder.performance import follower
from services.history_recorder.performance.follower import (
    PAUSE_SECONDS,
    PAUSES_PER_SECOND,
    PerformanceFollower,
)
from services.history_recorder.performance.program import summaries
from services.history_recorder.performance.summary import PERIODS
from tests.support.history import history_samples as some
from tests.support.history.history_samples import at
from tests.support.waiting import PATIENCE_SECONDS

LATER = at(7200)


def follower_of(settings: Settings, inbox: Inbox) -> PerformanceFollower:
    return PerformanceFollower(settings, ManualClock(LATER), inbox, work=CallsInProgress())


def test_the_process_measures_what_the_history_has(sqlite_history: Settings) -> None:
    inbox = Inbox()
    with closing(open_history(sqlite_history)) as writer, closing(open_reader(sqlite_history)) as reader:
        writer.write(Batch(signals=[some.signal(1)], outcomes=[some.outcome(1)]))
        assert follower_of(sqlite_history, inbox).step(threading.Event()) >= PAUSE_SECONDS
        found = merged(inbox.take()).summaries
        assert found == summaries(reader, LATER)
    assert len(found) == len(PERIODS)
    assert all(row.body["signals"]["1h"] == 1 for row in found)


def test_a_history_that_cannot_be_read_is_tried_again_with_its_reason(tmp_path: Path) -> None:
    settings = Settings(history_url="sqlite:///" + str(tmp_path / "history.sqlite"))
    (tmp_path / "history.sqlite").write_text("no database " * 1_000)
    inbox = Inbox()
    with pytest.raises(TryLater, match=r"history\.sqlite"):
        follower_of(settings, inbox).step(threading.Event())
    assert inbox.take() == []


def test_a_measurement_beyond_its_limit_is_ended_and_tried_again_after_a_pause(
    sqlite_history: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower, "MOST_SECONDS", 0.0)
    begun = time.monotonic()
    with pytest.raises(TryLater, match="not measured within") as caught:
        follower_of(sqlite_history, Inbox()).step(threading.Event())
    most = PAUSES_PER_SECOND * (time.monotonic() - begun)
    assert caught.value.after is not None
    assert 0.5 * most < caught.value.after <= most


def test_the_process_ends_with_the_recorder(sqlite_history: Settings) -> None:
    inbox, stop = Inbox(), threading.Event()
    stop.set()
    follower_of(sqlite_history, inbox).step(stop)
    assert inbox.take() == []


RECORDER = """
import sys, threading
from services.common.clock import SystemClock
from services.common.runtime.work import CallsInProgress
from services.common.settings.settings import Settings
from services.history_recorder.inbox import Inbox
from services.history_recorder.performance.follower import PerformanceFollower

settings = Settings(history_url=sys.argv[1])
PerformanceFollower(settings, SystemClock(), Inbox(), work=CallsInProgress()).step(threading.Event())
"""


def test_the_process_ends_with_a_recorder_that_is_killed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # a database that never answers
        silent.settimeout(PATIENCE_SECONDS)
        options = "sslmode=disable&connect_timeout=3600"
        url = f"postgresql+psycopg://reader@127.0.0.1:{silent.getsockname()[1]}/history?{options}"
        recorder = subprocess.Popen([sys.executable, "-c", RECORDER, url])
        try:
            connection, _ = silent.accept()
        finally:
            recorder.kill()
            recorder.wait()
    with connection:
        connection.settimeout(PATIENCE_SECONDS)
        while connection.recv(1024):  # until its end closes the connection
            pass
