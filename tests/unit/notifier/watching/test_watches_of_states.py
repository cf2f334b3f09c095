"""Watches that compare with what was written last: whatever a write answers, each change is told once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from services.common.clock import ManualClock
from services.common.history.notifying.port import NotifierLog
from services.common.history.open import open_reader
from services.common.history.port import Batch
from services.common.history.writing import open_history, open_notifier_log
from services.common.settings.settings import Settings
from services.notifier.rules.document import WatchTable
from services.notifier.watching import moods
from services.notifier.watching.found import Watch
from services.notifier.watching.moods import MoodWatch
from services.notifier.watching.services import ServiceWatch
from services.notifier.watching.sources import SourceWatch
from tests.support.history.history_samples import article
from tests.support.notifier.samples import NOW


@pytest.fixture
def log(sqlite_history: Settings) -> Iterator[NotifierLog]:
    with closing(open_notifier_log(sqlite_history)) as opened:
        opened.check()
        yield opened


def looked(watch: Watch, log: NotifierLog | None, *, is_answered: bool = True) -> list[str]:
    """Look and write what was found, unless there is no log; the keys."""
    found = watch.look()
    if log is not None:
        log.write(found.also)
        if is_answered:
            watch.commit()
    return [each.key for each in found.happenings]


class Scored:
    """The sentiment of one pair, as a test sets it."""

    def __init__(self) -> None:
        self.score = 0.0

    def __call__(self, *_: object) -> Any:
        row = SimpleNamespace(aggregate=SimpleNamespace(score=self.score, signals=2))
        return SimpleNamespace(pairs={"BTC/USDT": row})


@pytest.fixture
def mood(log: NotifierLog, monkeypatch: pytest.MonkeyPatch) -> tuple[MoodWatch, Scored, ManualClock]:
    """A watch that has seen a neutral mood."""
    scored, clock = Scored(), ManualClock(NOW)
    monkeypatch.setattr(moods, "read_sentiment", scored)
    store: Any = None
    watch = MoodWatch(store, Settings(), clock, WatchTable(), log.position)
    assert looked(watch, log) == []
    scored.score = 0.9
    return watch, scored, clock


def test_a_mood_that_could_not_be_written_is_found_again(
    mood: tuple[MoodWatch, Scored, ManualClock], log: NotifierLog
) -> None:
    watch, _, clock = mood
    assert len(looked(watch, None)) == 1
    clock.advance(5)
    assert len(looked(watch, log)) == 1
    assert looked(watch, log) == []


def test_a_mood_that_was_written_without_an_answer_is_not_told_again(
    mood: tuple[MoodWatch, Scored, ManualClock], log: NotifierLog
) -> None:
    watch, _, clock = mood
    assert len(looked(watch, log, is_answered=False)) == 1
    clock.advance(5)
    assert looked(watch, log) == []


def test_a_service_that_is_down_is_told_once_whether_or_not_the_write_was_answered(log: NotifierLog) -> None:
    clock, part = ManualClock(NOW), SimpleNamespace(service="api", status="ok", parts=())
    health: Any = SimpleNamespace(services=[part])
    watch = ServiceWatch(Settings(), clock, 0.0, log.position, ask=lambda *_, **__: health)
    assert looked(watch, log) == []
    part.status = "down"
    assert len(looked(watch, None)) == 1
    clock.advance(5)
    assert len(looked(watch, log, is_answered=False)) == 1
    clock.advance(5)
    assert looked(watch, log) == []
    part.status = "ok"
    assert len(looked(watch, log)) == 1


def test_sources_that_were_silent_at_the_first_start_are_not_told_although_the_first_write_failed(
    sqlite_history: Settings, log: NotifierLog
) -> None:
    with closing(open_history(sqlite_history)) as history, closing(open_reader(sqlite_history)) as reader:
        history.write(Batch(articles=(article(fetched=NOW - timedelta(days=2)),)))
        watch = SourceWatch(reader, ManualClock(NOW), 24.0, log.position)
        assert looked(watch, None) == []
        assert looked(watch, log) == []
        assert json.loads(log.position("notifier:silent") or "") != {}
