"""Briefs that are due are made, until they are written, and then never again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest

from services.common.errors import TryLater
from services.common.history.notifying.port import NotifierBatch, NotifierLog
from services.common.history.notifying.rows import BriefKind
from services.common.history.open import open_reader
from services.common.history.port import HistoryReader
from services.common.history.writing import open_notifier_log
from services.common.settings.settings import Settings
from services.notifier import briefing
from services.notifier.briefing import Briefing
from services.operations.briefs.make import Made, make_brief
from tests.support.history.tables import with_tables


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
def log(sqlite_history: Settings) -> Iterator[NotifierLog]:
    with closing(open_notifier_log(with_tables(sqlite_history))) as opened:
        yield opened


@pytest.fixture
def reader(sqlite_history: Settings) -> Iterator[HistoryReader]:
    with closing(open_reader(sqlite_history)) as opened:
        yield opened


class Looking(Briefing):
    """A briefing each look of which waits until what is due is made."""

    def look(self, now: datetime) -> tuple[Made, ...]:
        super().look(now)
        self.wait(60.0)
        return super().look(now)


def started(settings: Settings, reader: HistoryReader, log: NotifierLog) -> Briefing:
    return Looking(settings, reader, None, log)


def test_a_brief_is_due_until_it_is_written_and_after_a_restart_too(
    sqlite_history: Settings, reader: HistoryReader, log: NotifierLog
) -> None:
    first = started(sqlite_history, reader, log)
    assert first.look(utc("2026-11-30 07:59:59")) == ()
    (made,) = first.look(utc("2026-11-30 08:00:00"))
    assert (made.row.kind, made.row.day.isoformat()) == (BriefKind.DAILY, "2026-11-30")
    second = started(sqlite_history, reader, log)  # the first one was killed before it wrote
    (again,) = second.look(utc("2026-11-30 08:05:00"))
    log.write(NotifierBatch(briefs=[again.row]))
    for notifier in (first, second, started(sqlite_history, reader, log)):
        assert notifier.look(utc("2026-11-30 08:06:00")) == ()


def test_a_missed_brief_covers_the_time_since_the_one_before_it(
    sqlite_history: Settings, reader: HistoryReader, log: NotifierLog
) -> None:
    started(sqlite_history, reader, log).look(utc("2026-11-28 12:00"))
    daily, weekly = started(sqlite_history, reader, log).look(utc("2026-11-29 11:30"))
    assert daily.document.lead == "From 2026-11-28 08:00 UTC to 2026-11-29 11:30 UTC."
    assert weekly.document.lead == "From 2026-11-22 08:00 UTC to 2026-11-29 11:30 UTC."


def test_a_brief_begins_where_the_one_before_it_ended(
    sqlite_history: Settings, reader: HistoryReader, log: NotifierLog
) -> None:
    """Otherwise what happened before a late brief would be told twice, and days without a notifier not at all."""
    briefing = started(sqlite_history, reader, log)
    briefing.look(utc("2026-11-24 07:00"))
    (late,) = briefing.look(utc("2026-11-24 10:00"))
    log.write(NotifierBatch(briefs=[late.row]))
    (after_days,) = started(sqlite_history, reader, log).look(utc("2026-11-27 08:00"))
    log.write(NotifierBatch(briefs=[after_days.row]))
    assert after_days.document.lead == "From 2026-11-24 10:00 UTC to 2026-11-27 08:00 UTC."
    (after_weeks,) = [
        made
        for made in started(sqlite_history, reader, log).look(utc("2026-12-19 08:00"))
        if made.row.kind is BriefKind.DAILY
    ]
    assert after_weeks.document.lead == "From 2026-12-12 08:00 UTC to 2026-12-19 08:00 UTC."


def test_a_first_start_after_the_hour_sends_nothing_of_before(
    sqlite_history: Settings, reader: HistoryReader, log: NotifierLog
) -> None:
    assert started(sqlite_history, reader, log).look(utc("2026-11-30 10:00")) == ()
    assert started(sqlite_history, reader, log).look(utc("2026-11-30 20:00")) == ()
    assert len(started(sqlite_history, reader, log).look(utc("2026-12-01 08:00"))) == 1


def test_a_clock_that_was_ahead_at_the_first_start_holds_up_nothing(
    sqlite_history: Settings, reader: HistoryReader, log: NotifierLog
) -> None:
    started(sqlite_history, reader, log).look(utc("2027-05-01 10:00"))
    notifier = started(sqlite_history, reader, log)
    assert notifier.look(utc("2026-11-30 07:00")) == ()
    assert len(notifier.look(utc("2026-11-30 08:00"))) == 1


def test_a_history_that_is_away_at_the_hour_is_for_later(
    sqlite_history: Settings, reader: HistoryReader, log: NotifierLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    notifier = started(sqlite_history, reader, log)
    notifier.look(utc("2026-11-30 07:00"))

    def away(*_: object, **__: object) -> Made:
        raise TryLater("the history is away")

    monkeypatch.setattr(briefing, "make_brief", away)
    with pytest.raises(TryLater):
        notifier.look(utc("2026-11-30 08:00"))
    monkeypatch.setattr(briefing, "make_brief", make_brief)
    assert len(notifier.look(utc("2026-11-30 08:01"))) == 1


def test_a_look_does_not_wait_for_a_model_and_what_was_made_stays_until_it_is_written(
    sqlite_history: Settings, reader: HistoryReader, log: NotifierLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, answered = threading.Event(), threading.Event()

    def slow(*given: Any, by_model: bool, **named: Any) -> Made:
        assert by_model
        asked.set()
        assert answered.wait(60)
        return make_brief(*given, **named)

    monkeypatch.setattr(briefing, "make_brief", slow)
    notifier = Briefing(sqlite_history, reader, None, log)
    notifier.look(utc("2026-11-30 07:00"))
    assert notifier.look(utc("2026-11-30 08:00")) == ()
    assert asked.wait(60)
    assert notifier.look(utc("2026-11-30 08:01")) == ()
    answered.set()
    notifier.wait(60)
    (made,) = notifier.look(utc("2026-11-30 08:02"))
    assert made.row.at == utc("2026-11-30 08:00")
    assert notifier.look(utc("2026-11-30 08:03")) == (made,)
    log.write(NotifierBatch(briefs=[made.row]))
    assert notifier.look(utc("2026-11-30 08:04")) == ()


def test_a_defect_costs_a_try_and_not_the_notifier(
    sqlite_history: Settings, reader: HistoryReader, log: NotifierLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    notifier = started(sqlite_history, reader, log)
    notifier.look(utc("2026-11-30 07:00"))

    def broken(*_: object, **__: object) -> Made:
        raise ZeroDivisionError

    monkeypatch.setattr(briefing, "make_brief", broken)
    with pytest.raises(TryLater, match="could not be made"):
        notifier.look(utc("2026-11-30 08:00"))
