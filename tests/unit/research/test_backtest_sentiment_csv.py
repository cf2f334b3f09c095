"""What only all rows of a sentiment CSV together show: order, repetition, an end in the middle of a line."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from services.common.errors import StopProgram
from services.research.sentiment_csv import read_sentiment_csv
from tests.support.strategy.strategy_samples import raw, signal, write_csv


def said(path: Path) -> str:
    with pytest.raises(StopProgram) as stopped:
        read_sentiment_csv(path)
    return str(stopped.value)


def test_rows_in_order_are_read_with_every_correction(tmp_path: Path) -> None:
    rows = [signal("a"), signal("a", revision=1), signal("b", published=5)]
    frame = read_sentiment_csv(write_csv(tmp_path / "history.csv", rows))
    assert list(frame["article_id"]) == ["a", "a", "b"]
    assert list(frame["revision"]) == [0, 1, 0]


def test_a_row_before_the_one_above_is_named(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "history.csv", [signal("a", published=9), signal("b")])
    assert f"{path}, line 3: available_at is" in said(path)
    assert "expected rows in rising order" in said(path)


def test_a_signal_that_is_there_twice_is_named(tmp_path: Path) -> None:
    path = write_csv(
        tmp_path / "history.csv", [signal("a"), signal("b"), signal("a", score=0.1, published=2)]
    )
    assert (
        f"{path}, line 4: article_id a, pair BTC/USDT, model m1, revision 0 is there a second time"
        in said(path)
    )


def test_the_first_of_several_problems_is_named(tmp_path: Path) -> None:
    rows = [signal("a", published=9), signal("a", published=9), signal("b")]
    assert "line 3: article_id a" in said(write_csv(tmp_path / "history.csv", rows))


def test_headlines_over_several_lines_do_not_shift_the_line_that_is_named(tmp_path: Path) -> None:
    rows = [signal("a", headline="one\ntwo\nthree"), signal("b", headline="four\nfive"), signal("a")]
    assert "line 7: article_id a" in said(write_csv(tmp_path / "history.csv", rows))


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".CSV.GZ"])
def test_a_file_that_ends_without_a_line_end_is_cut_off(tmp_path: Path, suffix: str) -> None:
    whole = write_csv(tmp_path / "whole.csv", [signal("a"), signal("b")]).read_bytes()
    path = tmp_path / f"history{suffix}"
    cut = whole.rstrip(b"\r\n")  # every cell is valid: only the line end tells
    path.write_bytes(gzip.compress(cut) if suffix.lower().endswith("gz") else cut)
    assert f"{path}, line 3: the file ends in the middle of this line" in said(path)


def test_a_file_cut_off_at_any_byte_of_its_last_line_is_refused(tmp_path: Path) -> None:
    whole = write_csv(tmp_path / "whole.csv", [signal("a"), signal("b")]).read_bytes()
    start = whole.rindex(b"\n", 0, -1) + 1
    path = tmp_path / "history.csv"
    for length in range(start + 1, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert "line 3" in said(path)


def test_a_cut_off_archive_is_refused(tmp_path: Path) -> None:
    whole = write_csv(tmp_path / "whole.csv", [signal(f"a{number}") for number in range(50)]).read_bytes()
    path = tmp_path / "history.csv.gz"
    packed = gzip.compress(whole)
    path.write_bytes(packed[: len(packed) // 2])
    assert str(path) in said(path)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"score": "nan"}, "line 3: score is 'nan', expected a number from -1 to 1"),
        (
            {"available_at": "2025-06-02T12:00:00"},
            "line 3: available_at is '2025-06-02T12:00:00', expected ISO 8601",
        ),
    ],
)
def test_what_is_no_signal_stops_with_file_and_line(
    tmp_path: Path, cells: dict[str, str], expected: str
) -> None:
    path = write_csv(tmp_path / "history.csv", [raw(signal("a")), raw(signal("b")) | cells])
    assert f"{path}, {expected}" in said(path)


def test_a_path_that_does_not_exist_is_named(tmp_path: Path) -> None:
    assert f"{tmp_path / 'nowhere.csv'}: there is no such file" in said(tmp_path / "nowhere.csv")


def test_an_empty_file_is_told_from_one_with_a_wrong_header(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").touch()
    assert "empty.csv, line 1: the file is empty; expected available_at,published," in said(
        tmp_path / "empty.csv"
    )
    (tmp_path / "wrong.csv").write_text("when,what\n")
    assert "wrong.csv, line 1: no column available_at" in said(tmp_path / "wrong.csv")
