"""A clock that steps back while news flows, as when a machine's time is put right."""

from __future__ import annotations

import json
import signal
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from services.common.broker.topology import SENTIMENT_SIGNALS
from services.launch.replay_clock import find_library
from tests.support.pipeline.chaos_pipeline import PAIR, PIPELINE, NewsFlow, Pipeline, make_stories
from tests.support.waiting import eventually

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]
STORIES = make_stories(520)
BEFORE, IN_FLIGHT = 400, 460
"""Stories told at most before the clock steps, and with those that are on their way just then."""


class Time(NamedTuple):
    """How far the services' clocks are off, in seconds, stands in `file`; they run, and a part of the news has come."""

    file: Path
    flow: NewsFlow

    def step(self, seconds: int) -> None:
        """Set the clocks."""
        draft = self.file.with_suffix(".new")
        draft.write_text(f"{seconds:+d}")
        draft.replace(self.file)


class Reader:
    """Reads the signals as a strategy does: on from the last `available_at` that it has seen."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._redis = pipeline.redis
        self._from = "-inf"
        self.headlines: set[str] = set()

    def read(self) -> int:
        """Read what is new; how many there are by now."""
        key = f"sentiment_signals:{PAIR}"
        for member, score in self._redis.zrangebyscore(key, self._from, "+inf", withscores=True):
            self.headlines.add(json.loads(member)["headline"])
            self._from = str(score)
        return len(self.headlines)


@pytest.fixture
def time(pipeline: Pipeline, tmp_path: Path) -> Time:
    library = find_library()
    assert library is not None
    flow = pipeline.feed(STORIES)
    flow.limit = BEFORE
    time = Time(tmp_path / "time", flow)
    time.step(0)
    pipeline.start(
        *PIPELINE,
        dead_letter_limit=0,  # with a limit the cacher stops after ten that are set aside, until a person has looked
        environ={
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(time.file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        },
    )
    flow.begin()
    pipeline.wait_for_cached(100)
    return time


def test_a_clock_put_right_by_a_minute_changes_nothing(pipeline: Pipeline, time: Time) -> None:
    reader = Reader(pipeline)
    reader.read()
    time.step(-60)
    time.flow.limit = len(STORIES)
    scored = sum(story.scored for story in STORIES)
    eventually(lambda: reader.read() == scored, lambda: f"the reader has {reader.read()} of {scored}")
    pipeline.assert_books_balance(STORIES)


def test_a_clock_that_steps_back_by_hours_sets_aside_what_it_must_take_for_the_future(
    pipeline: Pipeline, time: Time
) -> None:
    cacher = pipeline.services["signal_cacher"].process
    assert cacher is not None
    cacher.send_signal(signal.SIGSTOP)
    time.flow.limit = IN_FLIGHT
    eventually(
        lambda: len(pipeline.outcomes()) >= IN_FLIGHT,
        lambda: f"signals are on their way when the clock steps; {pipeline.tails()}",
    )
    time.step(-7200)
    cacher.send_signal(signal.SIGCONT)
    time.flow.limit = len(STORIES)
    expected = {story.title for story in STORIES if story.scored}
    set_aside = SENTIMENT_SIGNALS.dead_letter_name
    eventually(
        lambda: (
            pipeline.waiting() == 0
            and len(pipeline.cached()) + pipeline.dead_letters().get(set_aside, 0) == len(expected)
        ),
        lambda: f"each story is cached or set aside: {len(pipeline.cached())}, {pipeline.dead_letters()}",
    )
    assert pipeline.cached() <= Counter(expected)
    eventually(  # logged a moment after it is in the queue of dead letters
        lambda: len(all_set_aside(pipeline)) == pipeline.dead_letters()[set_aside],
        lambda: f"each that is set aside is told: {len(all_set_aside(pipeline))}, {pipeline.dead_letters()}",
    )
    reasons = {event["error"].split(" is ")[1][-13:] for event in all_set_aside(pipeline)}
    assert reasons == {"in the future"}
    pipeline.assert_store_is_whole()


def all_set_aside(pipeline: Pipeline) -> list[dict[str, Any]]:
    return pipeline.services["signal_cacher"].events("message_dead_lettered")
