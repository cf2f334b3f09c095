"""A sentiment CSV that changes while a bot in dry-run reads it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

import cryptoboy_sentiment as news
import pandas as pd
import pytest
from cryptoboy_sentiment import csv_following
from cryptoboy_sentiment.csv_source import read_signals_csv

from tests.support.strategy.strategy_samples import PAIR, at, signal, write_csv


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_csv(tmp_path / "signals.csv", [signal("a")])


def after_a_loop(source: news.FollowedCsv) -> tuple[bool, str, list[str]]:
    source.refresh([PAIR], at(0))
    return source.readable(PAIR), source.entries, sorted(source.signals(PAIR)["article_id"])


def test_nothing_is_readable_before_the_first_loop_and_the_file_is_read_again_only_when_it_changes(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = news.FollowedCsv(path)
    assert not source.readable(PAIR)
    read: list[Path] = []

    def noted(file: Path) -> pd.DataFrame:
        read.append(file)
        return read_signals_csv(file)

    monkeypatch.setattr(csv_following, "read_signals_csv", noted)
    assert [after_a_loop(source) for _ in range(3)] == [(True, "open", ["a"])] * 3
    assert read == []
    write_csv(path, [signal("a"), signal("b")])
    assert [after_a_loop(source) for _ in range(3)] == [(True, "open", ["a", "b"])] * 3
    assert read == [path]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-30]), "line 2"),
        (lambda path: path.write_bytes(path.read_bytes()[:-2]), "ends in the middle of a line"),
        (lambda path: path.write_bytes(path.read_bytes() + b"2025-06-02T12:00:00+00:00,"), "line 3"),
        (lambda path: path.write_bytes(b""), "no column"),
        (lambda path: path.unlink(), "No such file"),
    ],
    ids=["cut", "cut_in_the_last_cell", "half_a_line_more", "empty", "gone"],
)
def test_a_file_that_is_half_written_is_unreadable_until_it_is_whole_and_keeps_what_was_known(
    path: Path, change: Callable[[Path], object], words: str, caplog: pytest.LogCaptureFixture
) -> None:
    source = news.FollowedCsv(path)
    assert after_a_loop(source) == (True, "open", ["a"])
    change(path)
    assert [after_a_loop(source) for _ in range(2)] == [(False, "unknown", ["a"])] * 2
    (said,) = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert words in said
    assert "rename" in said  # the way out
    write_csv(path, [signal("a"), signal("c")])
    assert after_a_loop(source) == (True, "open", ["a", "c"])


def test_a_file_that_changes_while_it_is_read_is_read_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = news.FollowedCsv(path)
    writes = [[signal("a"), signal("b"), signal("c")]]

    def slow(file: Path) -> pd.DataFrame:
        found = read_signals_csv(file)
        if writes:
            write_csv(path, writes.pop())
        return found

    monkeypatch.setattr(csv_following, "read_signals_csv", slow)
    write_csv(path, [signal("a"), signal("b")])
    assert after_a_loop(source) == (False, "unknown", ["a"])
    assert after_a_loop(source) == (True, "open", ["a", "b", "c"])


def test_a_file_that_is_slow_to_read_holds_up_no_loop_and_is_used_by_a_later_one(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = news.FollowedCsv(path, patience_s=0.01)
    go_on = threading.Event()

    def stuck(file: Path) -> pd.DataFrame:
        go_on.wait()
        return read_signals_csv(file)

    monkeypatch.setattr(csv_following, "read_signals_csv", stuck)
    write_csv(path, [signal("b")])
    assert [after_a_loop(source) for _ in range(2)] == [(False, "unknown", ["a"])] * 2
    (thread,) = [thread for thread in threading.enumerate() if thread.name == "sentiment-csv"]
    go_on.set()
    thread.join()
    source._patience_s = 60.0  # a machine with much to do
    assert after_a_loop(source) == (True, "open", ["b"])


@pytest.mark.parametrize("content", [None, b"", b"score\n1\n"])
def test_a_file_that_is_away_or_invalid_at_the_start_ends_the_start(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "signals.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=f"sentiment CSV {path}"):
        news.FollowedCsv(path)
