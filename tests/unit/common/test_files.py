"""The last suffix of a data file says what it holds, in any case; a file is replaced as a whole."""

from __future__ import annotations

import gzip
import os
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


@pytest.mark.parametrize("mode", [0o600, 0o444, 0o666])
def test_a_file_has_the_rights_that_are_asked_for_whatever_it_had(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    before = os.umask(0o027)
    try:
        write_whole(path, b"\0new", mode=mode)
    finally:
        os.umask(before)
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"\0new", mode)


def test_without_rights_the_umask_decides(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_whole(tmp_path / "a", "new")
    finally:
        os.umask(before)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640


def test_who_has_the_old_file_open_does_not_see_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("old")
    with path.open() as held:
        write_whole(path, "new", mode=0o600)
        assert held.read() == "old"
