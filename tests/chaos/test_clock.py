"""A clock that steps back while news flows, as when a machine's time is put right."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from services.cli.replay_clock import find_library
from services.common.broker.topology import SENTIMENT_SIGNALS
from tests.chaos_pipeline import PAIR, PIPELINE, Pipeline, eventually, make_stories

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]
STORIES = make_stories(520)


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
def time_file(pipeline: Pipeline, tmp_path: Path) -> Path:
    """What the services' clocks are off by, in seconds; they run, and a part of the news has come."""
    library = find_library()
    assert library is not None
    file = tmp_path / "time"
    file.write_text("+0")
    flow = pipeline.feed(STORIES)
    pipeline.start(
        *PIPELINE,
        environ={
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        },
    )
    flow.begin()
    pipeline.wait_for_cached(100)
    return file


def test_a_clock_put_right_by_a_minute_changes_nothing(pipeline: Pipeline, time_file: Path) -> None:
    reader = Reader(pipeline)
    reader.read()
    time_file.write_text("-60")
    scored = sum(story.scored for story in STORIES)
    eventually(lambda: reader.read() == scored, lambda: f"the reader has {reader.read()} of {scored}")
    pipeline.assert_books_balance(STORIES)


def test_a_clock_that_steps_back_by_hours_sets_aside_what_it_must_take_for_the_future(
    pipeline: Pipeline, time_file: Path
) -> None:
    time_file.write_text("-7200")
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
    reasons = {event["error"].split(" is ")[1][-13:] for event in all_set_aside(pipeline)}
    assert reasons == {"in the future"}
    pipeline.assert_store_is_whole()


def all_set_aside(pipeline: Pipeline) -> list[dict[str, Any]]:
    return pipeline.services["signal_cacher"].events("message_dead_lettered")
