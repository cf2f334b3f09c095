"""The history has each article, result and signal once, whatever happens to the recorder; and nobody waits for it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from services.common.broker.topology import HISTORY
from services.common.errors import TryLater
from services.common.history.open import open_reader
from services.common.settings.history import FILE_NAME
from services.launch.replay_clock import find_library
from tests.support.pipeline.chaos_pipeline import PIPELINE, Pipeline, make_stories
from tests.support.waiting import eventually

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]
STORIES = make_stories(300)
RECORDER = "history_recorder"
AWAY_SECONDS = 60


@pytest.fixture(params=["rabbitmq", "embedded"])
def recorded_pipeline(request: pytest.FixtureRequest) -> Pipeline:
    name = {"rabbitmq": "pipeline", "embedded": "embedded_pipeline"}[request.param]
    chosen: Pipeline = request.getfixturevalue(name)
    return chosen


class Books:
    """The history of a pipeline, beside its queues and its store."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self.settings = pipeline.services[RECORDER].settings

    def counts(self) -> dict[str, int]:
        with closing(open_reader(self.settings)) as history:
            return history.counts()

    def waiting(self) -> int:
        try:
            states = self._pipeline.broker.queues()
        except TryLater:
            return -1
        (state,) = (each for each in states if each.name == HISTORY.name)
        return state.ready + (state.unacknowledged or 0)

    def wait_for_articles(self, count: int) -> None:
        eventually(
            lambda: self.counts().get("articles", 0) >= count,
            lambda: f"{count} articles are recorded: {self._pipeline.services[RECORDER].tail()}",
        )

    def assert_they_balance(self) -> None:
        """Published = recorded = ended; the signals are those of the store; no message waits, and none counts twice."""
        signals = len(self._pipeline.cached())
        expected = {"articles": len(STORIES), "scorings": len(STORIES), "signals": signals}
        eventually(
            lambda: self.waiting() == 0 and {name: self.counts().get(name) for name in expected} == expected,
            lambda: f"{expected}: {self.counts()}, {self.waiting()} wait; {self._pipeline.tails()}",
        )
        with closing(open_reader(self.settings)) as history:
            recorded = Counter(row.headline for row in history.every_signal())
            seqs = [event.seq for event in history.events(0, limit=1000)]
        assert recorded == self._pipeline.cached()
        assert seqs == sorted({*seqs})
        assert self._pipeline.services[RECORDER].tracebacks() == []


def test_a_recorder_killed_again_and_again_loses_and_doubles_nothing(recorded_pipeline: Pipeline) -> None:
    pipeline = recorded_pipeline
    flow = pipeline.feed(STORIES)
    pipeline.start(*PIPELINE, RECORDER)
    books = Books(pipeline)
    flow.begin()
    for share in (0.15, 0.45, 0.7):
        books.wait_for_articles(int(len(STORIES) * share))
        pipeline.services[RECORDER].kill()
        pipeline.services[RECORDER].start()
    pipeline.assert_books_balance(STORIES)
    books.assert_they_balance()


def test_a_database_that_is_away_for_a_minute_costs_nothing_and_the_news_goes_on(
    recorded_pipeline: Pipeline,
) -> None:
    pipeline = recorded_pipeline
    flow = pipeline.feed(STORIES)
    pipeline.start(*PIPELINE, RECORDER)
    books, recorder = Books(pipeline), pipeline.services[RECORDER]
    flow.begin()
    books.wait_for_articles(50)
    with closing(sqlite3.connect(books.settings.state_dir / FILE_NAME, isolation_level=None)) as locked:
        locked.execute("BEGIN IMMEDIATE")  # nobody else can write
        began = time.monotonic()
        eventually(lambda: bool(recorder.events("store_away")), "the recorder notices")
        eventually(lambda: recorder.health()[1]["dependencies"]["history"]["status"] == "down")
        pipeline.assert_books_balance(STORIES)  # meanwhile
        assert books.counts()["articles"] < len(STORIES)
        eventually(lambda: time.monotonic() - began >= AWAY_SECONDS)
        locked.execute("ROLLBACK")
    books.assert_they_balance()
    assert recorder.process is not None
    assert recorder.process.poll() is None


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a small disk")
def test_a_full_disk_is_waited_for_and_costs_nothing(pipeline: Pipeline, small_disk: Path) -> None:
    flow = pipeline.feed(STORIES)
    flow.limit = 100
    pipeline.start(*PIPELINE)
    pipeline.start(RECORDER, history_url=f"sqlite:///{small_disk / 'history.sqlite'}")
    books, recorder = Books(pipeline), pipeline.services[RECORDER]
    flow.begin()
    books.wait_for_articles(100)
    ballast = small_disk / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"x" * 4096)
    flow.limit = len(STORIES)
    eventually(lambda: bool(recorder.events("store_away")), lambda: f"it says so: {recorder.tail()}")
    pipeline.assert_books_balance(STORIES)
    ballast.unlink()
    books.assert_they_balance()


def test_a_clock_that_steps_back_loses_and_doubles_nothing(pipeline: Pipeline, tmp_path: Path) -> None:
    library, file = find_library(), tmp_path / "time"
    assert library is not None
    file.write_text("+0d")
    clock = {"LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(file), "FAKETIME_NO_CACHE": "1"}
    clock["FAKETIME_DONT_FAKE_MONOTONIC"] = "1"
    flow = pipeline.feed(STORIES)
    flow.limit = 150
    pipeline.start(*PIPELINE, RECORDER, environ=clock)
    books = Books(pipeline)
    flow.begin()
    books.wait_for_articles(150)
    draft = file.with_suffix(".new")
    draft.write_text("-3600")
    draft.replace(file)
    flow.limit = len(STORIES)
    pipeline.assert_books_balance(STORIES)
    books.assert_they_balance()


@pytest.mark.parametrize("queue_max_length", [100])
def test_a_recorder_that_is_off_past_the_limit_of_its_queue_leaves_the_trading_path_untouched(
    recorded_pipeline: Pipeline, queue_max_length: int
) -> None:
    pipeline = recorded_pipeline
    flow = pipeline.feed(STORIES, per_second=20.0)
    pipeline.start(*PIPELINE, RECORDER)
    books, recorder = Books(pipeline), pipeline.services[RECORDER]
    assert recorder.terminate() == 0
    flow.begin()
    pipeline.assert_books_balance(STORIES)  # all articles are scored and cached
    assert 0 < books.waiting() <= queue_max_length + 10
    recorder.start()
    eventually(lambda: books.waiting() == 0)
    eventually(lambda: books.counts().get("signals") == len(pipeline.cached()))  # the store has them all
    counts = books.counts()
    assert 0 < counts["articles"] + counts["scorings"] <= queue_max_length + 10
