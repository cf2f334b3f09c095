"""Comparisons of backtests with the bot's trades are kept, and found by their period."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from services.operations.reports import keep_report, list_reports
from services.operations.why.comparisons import (
    MOST_KEPT,
    NEAR,
    Comparison,
    keep_comparison,
    newest_comparison,
)
from services.operations.why.repeated import Difference, OwnTrades
from tests.support.history.history_samples import NOW

WEEK = timedelta(days=7)
MOMENT = timedelta(seconds=1)
FOUND = Comparison(
    made=NOW + WEEK,
    start=NOW,
    end=NOW + WEEK,
    strategy="Mine",
    timeframe="15m",
    pairs=("BTC/USDT",),
    options="--set veto_below=-0.5",
    own=OwnTrades(
        ("bot",), 2, 1, 1, (Difference("BTC/USDT", "long", NOW, 3, "entry", "Only the bot: why."),)
    ),
)


def test_a_comparison_is_read_as_it_was_kept(tmp_path: Path) -> None:
    assert newest_comparison(tmp_path / "reports", NOW, NOW + WEEK) is None
    keep_comparison(tmp_path / "reports", FOUND)
    assert newest_comparison(tmp_path / "reports", NOW, NOW + WEEK) == FOUND


@pytest.mark.parametrize(
    ("begins", "ends", "is_of_the_week"),
    [
        (NEAR, -NEAR, True),
        (-NEAR, NEAR, True),
        (NEAR + MOMENT, timedelta(0), False),
        (-NEAR - MOMENT, timedelta(0), False),
        (timedelta(0), -NEAR - MOMENT, False),
        (timedelta(0), NEAR + MOMENT, False),
    ],
)
def test_a_comparison_is_of_a_week_that_begins_and_ends_within_a_day_of_it(
    tmp_path: Path, begins: timedelta, ends: timedelta, is_of_the_week: bool
) -> None:
    keep_comparison(tmp_path, replace(FOUND, start=NOW + begins, end=NOW + WEEK + ends))
    assert (newest_comparison(tmp_path, NOW, NOW + WEEK) is not None) is is_of_the_week


def test_the_newest_of_the_week_counts_and_a_newer_one_of_another_time_does_not(tmp_path: Path) -> None:
    for hours in (2, 1):
        keep_comparison(
            tmp_path, replace(FOUND, made=FOUND.made + timedelta(hours=hours), options=str(hours))
        )
    keep_comparison(tmp_path, replace(FOUND, made=FOUND.made + WEEK, start=NOW - 9 * WEEK))
    found = newest_comparison(tmp_path, NOW, NOW + WEEK)
    assert found is not None
    assert found.options == "2"


@pytest.mark.parametrize("content", ["", "{", "[]", '{"made": 1}', "\x00"])
def test_a_file_that_is_no_comparison_is_left_out(tmp_path: Path, content: str) -> None:
    keep_comparison(tmp_path, FOUND)
    (tmp_path / "own-trades-99991231T000000000000.json").write_text(content)
    assert newest_comparison(tmp_path, NOW, NOW + WEEK) == FOUND


def test_the_oldest_of_too_many_are_removed_and_no_page_of_a_report(tmp_path: Path) -> None:
    keep_report(tmp_path, "backtest", "", NOW)
    for number in range(MOST_KEPT + 2):
        keep_comparison(tmp_path, replace(FOUND, made=FOUND.made + number * MOMENT))
    names = sorted(file.name for file in tmp_path.glob("*.json"))
    assert len(names) == MOST_KEPT
    assert f"{FOUND.made + 2 * MOMENT:%Y%m%dT%H%M%S}" in names[0]
    assert [report.kind for report in list_reports(tmp_path)] == ["backtest"]
