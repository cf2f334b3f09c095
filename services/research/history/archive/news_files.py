"""Reads news archives row by row, from CSV (commas, semicolons or tabs) and from JSON Lines, also gzipped.

A file that is broken at any line (it is cut off, has another encoding, or has a row of another length) is refused
with the number of the line, because the rows after it cannot be trusted.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import hashlib
import io
import json
import zlib
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from services.common.errors import StopProgram
from services.common.files import format_suffix, is_gzipped
from services.research.history.archive.columns import KNOWN_NAMES, normal_name
from services.research.history.archive.csv_cells import read_cells

CSV_SUFFIXES = (".csv", ".tsv")
SUFFIXES = (*CSV_SUFFIXES, ".jsonl", ".ndjson")
_SPREADSHEETS = (".xlsx", ".xls", ".xlsm", ".ods")

KNOWN = frozenset(KNOWN_NAMES).union(*KNOWN_NAMES.values())

Row = tuple[int, Sequence[str]]
"""The number of the line on which a row ends, and the row's cells in the order of the header."""


class NewsFile:
    """A file of rows that is being read. `line` is the number of the last line read, counted from 1."""

    def __init__(self, path: Path, raw: IO[bytes], lines: io.TextIOWrapper) -> None:
        self.path = path
        self.size = path.stat().st_size
        self._raw = raw
        self._lines = lines
        self.line = 0
        self.ends_with_a_line = True

    def position(self) -> int:
        """Return how many of the `size` bytes of the file have been read."""
        return self._raw.tell()

    def rows(self, mapped: Collection[str] = ()) -> tuple[list[str], Iterator[Row]]:
        """Return the column names and an iterator of the rows.

        `mapped` are the names of columns that are expected besides the usual ones. Raises StopProgram if the file is
        empty; this call and the iterator raise it if the file is broken.
        """
        if format_suffix(self.path) in CSV_SUFFIXES:
            cells = read_cells(self.lines(), KNOWN.union(map(normal_name, mapped)))
            return self._with_columns(_csv_rows(self, cells))
        return self._with_columns(_json_rows(self))

    def plain_rows(self) -> tuple[list[str], Iterator[Row]]:
        """Return the same as `rows`, but always read the file as a CSV with commas, whatever its name is."""
        reader = csv.reader(self.lines(), strict=True)
        return self._with_columns(_csv_rows(self, ((reader.line_num, cells) for cells in reader if cells)))

    def _with_columns(self, reader: Iterator[Row]) -> tuple[list[str], Iterator[Row]]:
        rows = self._guarded(reader)
        try:
            _, header = next(rows)
        except StopIteration:
            raise StopProgram(f"{self.path} is empty; expected columns and rows") from None
        return [name.strip() for name in header], rows

    def lines(self) -> Iterator[str]:
        """Yield the lines. After the last line, `ends_with_a_line` states whether that line has a line end."""
        line = "\n"
        for line in self._lines:
            yield line
        self.ends_with_a_line = line.endswith(("\n", "\r"))

    def refuse(self, problem: str) -> StopProgram:
        """Return the error for the current line, which is wrong."""
        return StopProgram(f"{self.path}, line {self.line}: {problem}")

    def _guarded(self, rows: Iterator[Row]) -> Iterator[Row]:
        try:
            yield from rows
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise self._broken("cannot be unpacked", error, "a whole gzip file; is it cut off?") from None
        except UnicodeDecodeError as error:
            name = "UTF-8" if self._lines.encoding == _UTF_8 else self._lines.encoding
            raise self._broken(f"is not {name}", error, _ENCODING_EXPECTED) from None
        except csv.Error as error:
            raise self._broken("is no CSV", error, "cells with closed quotes; is it cut off?") from None

    def _broken(self, how: str, error: Exception, expected: str) -> StopProgram:
        return StopProgram(f"{self.path} {how} after line {self.line}: {error}; expected {expected}")


_UTF_8 = "utf-8-sig"
_ENCODING_EXPECTED = (
    "text in UTF-8 or UTF-16 with a byte order mark, or its encoding as --encoding, for example "
    "--encoding cp1252 for what Excel writes in Western Europe"
)


@contextmanager
def open_news(path: Path, encoding: str = "") -> Iterator[NewsFile]:
    """Open a news archive; the last suffix of its name before any .gz, in upper or lower case, determines its format.

    A byte order mark determines UTF-8 or UTF-16. A file without the mark is read in `encoding`, or in UTF-8 if
    `encoding` is empty.

    Raises:
        StopProgram: the file or the encoding does not exist, the file cannot be read, or its name has none of
            `SUFFIXES`.
    """
    _check_name(path)
    _check_encoding(encoding)
    with _opened(path, _marked(path) or encoding or _UTF_8) as file:
        yield file


@contextmanager
def open_plain_csv(path: Path) -> Iterator[NewsFile]:
    """Open a CSV of any name and read it with Python's defaults: UTF-8 and commas.

    Raises:
        StopProgram: the file does not exist, or cannot be read.
    """
    with _opened(path, _UTF_8) as file:
        yield file


@contextmanager
def _opened(path: Path, encoding: str) -> Iterator[NewsFile]:
    if not path.is_file():
        raise StopProgram(f"{path} is not there, or is no file")
    try:
        with path.open("rb") as raw:
            unpacked = gzip.GzipFile(fileobj=raw) if is_gzipped(path) else raw
            buffered = io.BufferedReader(unpacked, 1 << 18) if unpacked is not raw else raw
            with io.TextIOWrapper(buffered, encoding=encoding, newline="") as lines:
                yield NewsFile(path, raw, lines)
    except OSError as error:
        if isinstance(error, gzip.BadGzipFile):
            raise StopProgram(f"{path} is no gzip file: {error}") from None
        raise StopProgram(f"{path} cannot be read: {error.strerror or error}") from error


def _check_name(path: Path) -> None:
    if (suffix := format_suffix(path)) in SUFFIXES:
        return
    hint = "; save the sheet as CSV in UTF-8 first" if suffix in _SPREADSHEETS else ""
    raise StopProgram(
        f"{path}: expected a name that ends with one of {', '.join(SUFFIXES)}, with or without .gz{hint}"
    )


def _check_encoding(name: str) -> None:
    try:
        "".encode(name or _UTF_8)
    except LookupError:
        raise StopProgram(
            f"--encoding {name}: no such encoding; write for example cp1252, utf-16 or shift_jis"
        ) from None


def _marked(path: Path) -> str:
    """Return the encoding that a byte order mark determines, or an empty string if there is no mark."""
    try:
        with gzip.open(path) if is_gzipped(path) else path.open("rb") as file:
            head = file.read(len(codecs.BOM_UTF8))
    except (OSError, EOFError, zlib.error):  # the error is reported with its line when the file is read
        return ""
    if head == codecs.BOM_UTF8:
        return _UTF_8
    return "utf-16" if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else ""


def fingerprint(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _csv_rows(file: NewsFile, rows: Iterator[Row]) -> Iterator[Row]:
    width = 0
    for line, cells in rows:
        file.line = line
        width = width or len(cells)
        if len(cells) != width:
            raise file.refuse(
                f"{len(cells)} cells, expected {width} as in the first line; is the file cut off, or a cell with "
                "the separator in it without quotes?"
            )
        yield line, cells


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
            if normal_name(name) in KNOWN:
                raise file.refuse(
                    f"{name!r}, which the first object does not have; expected the same names in all, "
                    "with null where there is nothing"
                )
        yield number, [_as_cell(values.get(name)) for name in header]


def _as_cell(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)
