from __future__ import annotations

import threading

import pytest

from services.common.errors import TryLater
from services.common.runtime.work import CallsInProgress
from services.sentiment_analyzer.pipeline.intake import Intake
from services.sentiment_analyzer.pipeline.slots import NotBegunError, ScorerSlots
from tests.support.scoring.sentiment_fakes import Bench, FakeScorer


def intake() -> Intake:
    return Intake(Bench().broker.subscribe("raw_news_data", 1), threading.Event(), CallsInProgress())


def test_who_waits_for_a_slot_does_not_begin_when_the_intake_is_over_by_then() -> None:
    slots, source, ended = ScorerSlots(FakeScorer([]), 1, CallsInProgress()), intake(), list[str]()

    def wait_for_a_slot() -> None:
        try:
            with slots.taken("second", source):
                ended.append("taken")
        except NotBegunError:
            ended.append("not begun")

    waiting = threading.Thread(target=wait_for_a_slot)
    with slots.taken("first", source):
        waiting.start()
        waiting.join(0.3)
        assert waiting.is_alive()
        source.end()
    waiting.join(30)

    assert ended == ["not begun"]


def test_a_slot_is_free_again_after_a_failure() -> None:
    slots, source = ScorerSlots(FakeScorer([]), 1, CallsInProgress()), intake()

    with pytest.raises(TryLater, match="away"), slots.taken("bad", source):
        raise TryLater("away")
    with slots.taken("good", source):
        pass


def test_the_watchdog_sees_what_is_scored_with_the_patience_of_the_scorer() -> None:
    work = CallsInProgress()

    with ScorerSlots(FakeScorer([]), 1, work).taken("a1", None):
        assert [(step.what, step.patience) for step in work.grow_older(0.0)] == [("scoring a1", 7.0)]
