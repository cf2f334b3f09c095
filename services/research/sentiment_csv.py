"""The sentiment CSV as research reads it: the strategy's checks of every line, and checks of all lines together.

The strategy's own reader refuses what is no signal. Checked here are the order of the rows, repeated rows, and a file
that ends in the middle of a line: a bot tolerates
them, a study must not.
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
"""What makes a signal: a second row with the same values says nothing new."""


class RowProblem(NamedTuple):
    """What is wrong with a row, counted from 0 without the header."""

    row: int
    text: str


def read_sentiment_csv(path: Path, now: datetime | None = None) -> pd.DataFrame:
    """The signals of a sentiment CSV (`.gz` is unpacked), as from `signals_frame`, in order and each only once.

    Args:
        path: the file.
        now: nothing is available later (UTC); None is the system's time.

    Raises:
        StopProgram: the file is not there, is cut off, or has a line that is no signal, out of order, there twice,
            in the future, or with a label that is not its score's; names file, line and what was expected.
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
    """Rows that contradict themselves, the clock or other rows, in a frame as from `signals_frame`."""
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
    """The line of the file (from 1) on which a row (from 0, without the header) ends."""
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
