"""Reads the signals of a sentiment CSV once, for backtests."""

import csv
import gzip
import zlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TextIO

import pandas as pd

from cryptoboy_sentiment.holds import Hold
from cryptoboy_sentiment.signals import (
    LATER_FIELDS,
    Signal,
    SignalError,
    parse_signal,
    signals_frame,
)
from cryptoboy_sentiment.sources import EntriesState

LONGEST_CELL = 131_072
"""Maximum length of a cell in characters: Python's default, set because other code may have raised the limit."""


def _parse_rows(rows: "csv.DictReader[str]") -> Iterator[Signal]:
    missing = [name for name in Signal._fields if name not in {*(rows.fieldnames or ()), *LATER_FIELDS}]
    if missing:
        raise SignalError(f"no column {', '.join(missing)}; expected {','.join(Signal._fields)}")
    for row in rows:
        if None in row:
            raise SignalError(f"more cells than the header, expected {len(rows.fieldnames or ())}")
        yield parse_signal(row)


def read_signals_csv(path: Path) -> pd.DataFrame:
    """The signals of a history CSV as a frame like that of `signals_frame`; a `.gz` file is decompressed.

    Further columns are ignored, and the columns `LATER_FIELDS` may be missing.

    Raises:
        SignalError: the file cannot be read or a line is not valid; the message names file, line and problem.
    """
    csv.field_size_limit(LONGEST_CELL)
    line = ""
    try:
        with _opened(path) as file:
            rows = csv.DictReader(file, strict=True)
            try:
                return signals_frame(_parse_rows(rows))
            finally:
                line = f", line {rows.line_num}"
    except (SignalError, csv.Error, UnicodeDecodeError, EOFError, OSError, zlib.error) as error:
        raise SignalError(f"sentiment CSV {path}{line}: {error}") from error


def _opened(path: Path) -> TextIO:
    if path.suffix.lower() == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


class CsvSignals:
    """A `SignalSource` with the signals of a history CSV, read once; without a path there are none."""

    entries: EntriesState = "open"  # history has no holds
    holds: tuple[Hold, ...] = ()

    def __init__(self, path: Path | None) -> None:
        self.scored: frozenset[str] | None = None
        self._take(signals_frame([]) if path is None else read_signals_csv(path))
        if path is not None:
            self.scored = frozenset(self._by_pair)

    def _take(self, frame: pd.DataFrame) -> None:
        self._nothing = frame.head(0)
        # Lines that are there twice count once, as in the store.
        self._by_pair = {str(pair): rows for pair, rows in frame.drop_duplicates().groupby("pair")}

    def refresh(self, pairs: Iterable[str], now: datetime) -> None:
        """Do nothing, because history does not change."""

    def signals(self, pair: str, /) -> pd.DataFrame:
        """The pair's signals; an empty frame if the file has no signals of the pair."""
        return self._by_pair.get(pair, self._nothing)

    def readable(self, _pair: str, /) -> bool:
        """Always true, because the file was read."""
        return True
