"""The last suffix of a data file says what it holds, in any case; a file is replaced as a whole."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from services.common.files import format_suffix, is_gzipped, open_text, write_whole


@pytest.mark.parametrize(
    ("name", "suffix", "packed"),
    [
        ("news.csv", ".csv", False),
        ("NEWS.CSV", ".csv", False),
        ("news.Csv.Gz", ".csv", True),
        ("twice.csv.jsonl", ".jsonl", False),
        ("news.2021.01.TSV", ".tsv", False),
        ("news.csv.gz.gz", ".gz", True),
        ("news", "", False),
        ("news.gz", "", True),
    ],
)
def test_the_last_suffix_counts(name: str, suffix: str, packed: bool) -> None:
    assert (format_suffix(Path(name)), is_gzipped(Path(name))) == (suffix, packed)


@pytest.mark.parametrize("name", ["a.csv", "A.CSV.GZ"])
def test_a_text_is_unpacked_and_has_no_byte_order_mark(tmp_path: Path, name: str) -> None:
    path, content = tmp_path / name, "\ufeffa,b\r\n".encode()
    path.write_bytes(gzip.compress(content) if is_gzipped(path) else content)
    with open_text(path) as file:
        assert file.read() == "a,b\r\n"


def test_a_file_is_replaced_whole_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")
    write_whole(path, "né")
    assert path.read_bytes() == "né".encode()
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_replaced_stays_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.mkdir()
    with pytest.raises(OSError, match="directory"):
        write_whole(path, "new")
    assert list(tmp_path.iterdir()) == [path]
