"""The last suffix of a data file says what it holds, in any case."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from services.common.files import format_suffix, is_gzipped, open_text


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
