"""Reads the sentiment CSV for research, with the strategy's checks of every line and checks of all lines together.

The strategy's own reader refuses lines that are not signals. This module also refuses rows out of order, repeated
rows, and a file that ends in the middle of a line: a bot tolerates these, but a study must not.
"""

from __future__ import annotations

import csv
import gzip
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from cryptoboy_sentiment import Signal, SignalError, read_signals_csv

from services.common.errors import StopProgram
from services.common.files import is_gzipped, open_text
from services.common.values import label_of

IDENTITY = ["article_id", "pair", "model", "revision"]
"""The columns that identify a signal: a second row with the same values in them adds nothing."""


class RowProblem(NamedTuple):
    """A problem of one row; rows are counted from 0 without the header."""

    row: int
    text: str


def read_sentiment_csv(path: Path, now: datetime | None = None) -> pd.DataFrame:
    """Read the signals of a sentiment CSV, in order and without repetitions, in the form of `signals_frame`.

    The file is decompressed if its name ends with .gz.

    Args:
        path: the file.
        now: the time (UTC) after which no signal may be available; None means the system's time.

    Raises:
        StopProgram: the file does not exist or is cut off, or a line is not a signal, is out of order, is repeated,
            lies in the future, or has a label that does not fit its score; the message names file, line and what was
            expected.
    """
    if not path.is_file():
        raise StopProgram(
            f"sentiment CSV {path}: there is no such file; expected one as ./cryptoboy history score writes it"
        )
    if path.stat().st_size == 0:
        raise StopProgram(
            f"sentiment CSV {path}, line 1: the file is empty; expected {','.join(Signal._fields)}"
        )
    try:
        frame = read_signals_csv(path)
    except SignalError as error:
        raise StopProgram(str(error)) from error
    if not _ends_with_a_line_end(path):
        raise StopProgram(
            f"sentiment CSV {path}, line {line_of(path, len(frame) - 1)}: the file ends in the middle of this line; "
            "expected a line end after the last row: write the file again"
        )
    first = min(row_problems(frame, now or datetime.now(UTC)), key=lambda problem: problem.row, default=None)
    if first is not None:
        raise StopProgram(f"sentiment CSV {path}, line {line_of(path, first.row)}: {first.text}")
    return frame


def row_problems(frame: pd.DataFrame, now: datetime) -> Iterator[RowProblem]:
    """Find rows that contradict themselves, the time `now` or other rows; the frame is from `signals_frame`."""
    expected = frame["score"].map(label_of)
    for row in np.flatnonzero((frame["label"] != expected).to_numpy()):
        label, score = frame["label"].iloc[row], frame["score"].iloc[row]
        yield RowProblem(int(row), f"label is {label}, expected {expected.iloc[row]} for {score}")
    for row in np.flatnonzero((frame["available_at"] > now).to_numpy()):
        yield RowProblem(
            int(row), f"available_at is {frame['available_at'].iloc[row].isoformat()}, in the future"
        )
    available = np.asarray(frame["available_at"].astype("int64"), dtype=np.int64)
    for row in np.flatnonzero(np.diff(available) < 0) + 1:
        yield RowProblem(
            int(row),
            f"available_at is {frame['available_at'].iloc[row].isoformat()}, before that of the row above, "
            f"{frame['available_at'].iloc[row - 1].isoformat()}; expected rows in rising order of available_at",
        )
    for row in np.flatnonzero(frame.duplicated(IDENTITY).to_numpy()):
        what = ", ".join(f"{name} {frame[name].iloc[row]}" for name in IDENTITY)
        yield RowProblem(int(row), f"{what} is there a second time; expected each signal once")


def line_of(path: Path, row: int) -> int:
    """Return the line of the file (from 1) on which a row (counted from 0 without the header) ends."""
    with open_text(path) as file:
        lines = csv.reader(file, strict=True)
        for count, _ in enumerate(_not_blank(lines)):
            if count == row + 1:
                break
        return lines.line_num


def _not_blank(lines: Iterator[list[str]]) -> Iterator[list[str]]:
    return (cells for cells in lines if cells)


def _ends_with_a_line_end(path: Path) -> bool:
    if is_gzipped(path):
        last = b"\n"
        with gzip.open(path, "rb") as file:
            while block := file.read(1 << 20):
                last = block[-1:]
        return last == b"\n"
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return True
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
