"""Reads news archives row by row: CSV and JSON Lines, plain or gzipped.

A file that is broken somewhere (cut off, not UTF-8, a row of another length) is refused with the line: what
follows a break cannot be told from rubbish.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from services.common.errors import StopProgram
from services.research.history.columns import KNOWN_NAMES

SUFFIXES = (".csv", ".csv.gz", ".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz")
MAX_CELL = 10_000_000
"""Characters; Python's own limit of 131,072 is less than some articles with their markup have."""

KNOWN = frozenset(KNOWN_NAMES).union(*KNOWN_NAMES.values())

Row = tuple[int, Sequence[str]]
"""The line on which a row ends, and its cells in the order of the header."""


class NewsFile:
    """A file of rows while it is read. `line` is the one that was read last, from 1."""

    def __init__(self, path: Path, raw: IO[bytes], lines: IO[str]) -> None:
        self.path = path
        self.size = path.stat().st_size
        self._raw = raw
        self._lines = lines
        self.line = 0
        self.ends_with_a_line = True

    def position(self) -> int:
        """How many bytes of the file have been read, of `size`."""
        return self._raw.tell()

    def rows(self) -> tuple[list[str], Iterator[Row]]:
        """The columns, and all rows. Raises StopProgram for a file without any, both do for a broken one."""
        reader = _csv_rows(self) if ".csv" in self.path.suffixes else _json_rows(self)
        rows = self._guarded(reader)
        try:
            _, header = next(rows)
        except StopIteration:
            raise StopProgram(f"{self.path} is empty; expected columns and rows") from None
        return list(header), rows

    def lines(self) -> Iterator[str]:
        """The lines of the file. After the last, `ends_with_a_line` tells whether that one had an end."""
        line = "\n"
        for line in self._lines:
            yield line
        self.ends_with_a_line = line.endswith(("\n", "\r"))

    def refuse(self, problem: str) -> StopProgram:
        """The error for a line that is wrong."""
        return StopProgram(f"{self.path}, line {self.line}: {problem}")

    def _guarded(self, rows: Iterator[Row]) -> Iterator[Row]:
        try:
            yield from rows
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise self._broken("cannot be unpacked", error, "a whole gzip file; is it cut off?") from None
        except UnicodeDecodeError as error:
            raise self._broken("is not UTF-8", error, "text in UTF-8; convert it first") from None
        except csv.Error as error:
            raise self._broken("is no CSV", error, "cells with closed quotes; is it cut off?") from None

    def _broken(self, how: str, error: Exception, expected: str) -> StopProgram:
        return StopProgram(f"{self.path} {how} after line {self.line}: {error}; expected {expected}")


@contextmanager
def open_news(path: Path) -> Iterator[NewsFile]:
    """Open a news archive; its format is told by its name.

    Raises:
        StopProgram: there is no such file, it cannot be read, or its name has none of `SUFFIXES`.
    """
    if not path.name.lower().endswith(SUFFIXES):
        raise StopProgram(f"{path}: expected a name that ends with one of {', '.join(SUFFIXES)}")
    if not path.is_file():
        raise StopProgram(f"{path} is not there, or is no file")
    try:
        with path.open("rb") as raw:
            unpacked = gzip.GzipFile(fileobj=raw) if path.suffix.lower() == ".gz" else raw
            buffered = io.BufferedReader(unpacked, 1 << 18) if unpacked is not raw else raw
            with io.TextIOWrapper(buffered, encoding="utf-8-sig", newline="") as lines:
                yield NewsFile(path, raw, lines)
    except OSError as error:
        if isinstance(error, gzip.BadGzipFile):
            raise StopProgram(f"{path} is no gzip file: {error}") from None
        raise StopProgram(f"{path} cannot be read: {error.strerror or error}") from error


def fingerprint(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _csv_rows(file: NewsFile) -> Iterator[Row]:
    csv.field_size_limit(MAX_CELL)
    reader = csv.reader(file.lines(), strict=True)
    width = 0
    for cells in reader:
        file.line = reader.line_num
        if not cells:
            continue
        width = width or len(cells)
        if len(cells) != width:
            raise file.refuse(
                f"{len(cells)} cells, expected {width} as in the first line; is the file cut off?"
            )
        yield file.line, cells


def _json_rows(file: NewsFile) -> Iterator[Row]:
    header: dict[str, int] = {}
    for number, line in enumerate(file.lines(), 1):
        file.line = number
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except (ValueError, RecursionError):
            values = None
        if not isinstance(values, dict):
            raise file.refuse("no JSON object, expected one on each line; is the file cut off?")
        if not header:
            header = {name: position for position, name in enumerate(values)}
            yield number, list(header)
        for name in values.keys() - header.keys():
            if name.lower() in KNOWN:
                raise file.refuse(
                    f"{name!r}, which the first object does not have; expected the same names in all, "
                    "with null where there is nothing"
                )
        yield number, [_as_cell(values.get(name)) for name in header]


def _as_cell(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)
