"""Which questions about the scores are answered with what the recorder measured beforehand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from services.common.history.batch import Batch
from services.common.history.port import HistoryReader, HistoryWriter
from services.history_recorder.performance.program import summaries
from services.history_recorder.performance.summary import PERIODS
from services.operations import performance
from services.operations.performance import USUAL_DAYS, read_performance
from tests.support.history import history_samples as some
from tests.support.history.history_samples import NOW

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LATER = NOW + HOUR + timedelta(minutes=5)


def fill(writer: HistoryWriter, *numbers: int) -> None:
    writer.write(
        Batch(
            signals=[some.signal(each) for each in numbers], outcomes=[some.outcome(each) for each in numbers]
        )
    )


def measure_beforehand(writer: HistoryWriter, reader: HistoryReader) -> None:
    writer.write(Batch(summaries=summaries(reader, NOW + HOUR)))


def test_the_usual_question_is_answered_as_it_was_measured_beforehand(
    writer: HistoryWriter, reader: HistoryReader
) -> None:
    fill(writer, 1, 2)
    before = read_performance(reader, days=7, now=NOW + HOUR)
    measure_beforehand(writer, reader)
    fill(writer, 3)
    assert read_performance(reader, days=7, now=LATER) == before
    usual = read_performance(reader, now=LATER)
    assert (usual.computed, usual.start) == (NOW + HOUR, NOW + HOUR - USUAL_DAYS * DAY)
    assert USUAL_DAYS in PERIODS


def test_another_question_is_measured_now_with_a_limit(
    writer: HistoryWriter, reader: HistoryReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(writer, 1, 2)
    measure_beforehand(writer, reader)
    fill(writer, 3)
    monkeypatch.setattr(performance, "MOST_WHEN_ASKED", 2)
    for question in ({"pair": some.signal(1).pair}, {"start": NOW - DAY}, {"end": LATER}, {"days": 8}):
        found = read_performance(reader, now=LATER, **question)
        assert (found.computed, found.signals["1h"], found.is_cut) == (LATER, 2, True), question


def test_what_an_earlier_release_measured_or_nothing_was_measured_of_is_measured_now(
    writer: HistoryWriter, reader: HistoryReader
) -> None:
    measure_beforehand(writer, reader)
    fill(writer, 1)
    assert read_performance(reader, now=LATER).signals["1h"] == 1
    kept = summaries(reader, LATER)
    old = [replace(each, body={**each.body, "cells_of_another_release": 1}) for each in kept]
    writer.write(Batch(summaries=old))
    assert read_performance(reader, now=LATER + HOUR).computed == LATER + HOUR


@pytest.mark.parametrize("away", [-2 * DAY, 2 * DAY])
def test_what_was_measured_long_ago_or_by_a_clock_that_was_ahead_is_measured_now(
    writer: HistoryWriter, reader: HistoryReader, away: timedelta
) -> None:
    fill(writer, 1)
    measure_beforehand(writer, reader)
    assert read_performance(reader, now=LATER + away).computed == LATER + away
