"""Cells of a CSV as spreadsheets write it: separated by commas, semicolons or tabs, as the first line shows."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterator
from itertools import chain

from services.research.history.archive.columns import normal_name

MAX_CELL = 10_000_000
"""Characters; Python's own limit of 131,072 is less than some articles with their markup have."""

_SEPARATORS = (",", ";", "\t")
_STATED = re.compile(r"sep=(.)\s*", re.IGNORECASE)


def read_cells(lines: Iterator[str], known: Collection[str]) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not blank, the columns first, each with the line on which it ends.

    Args:
        lines: with their ends.
        known: normal names of columns; the separator is the one that shows most of them in the first line, or else
            most cells. A first line `sep=;`, as Excel writes, states it.

    Raises:
        csv.Error: quotes that do not close, or a cell over `MAX_CELL`.
    """
    csv.field_size_limit(MAX_CELL)
    before = 0
    for line in lines:
        if stated := _STATED.fullmatch(line):
            before += 1
            separator, rest = stated[1], lines
        elif line.strip():
            separator, rest = _separator(line, known), chain([line], lines)
        else:
            before += 1
            continue
        reader = csv.reader(rest, delimiter=separator, strict=True)
        yield from ((before + reader.line_num, cells) for cells in reader if cells)


def _separator(line: str, known: Collection[str]) -> str:
    def evidence(separator: str) -> tuple[int, int]:
        cells = next(csv.reader([line], delimiter=separator), [])
        return sum(normal_name(cell) in known for cell in cells), len(cells)

    return max(_SEPARATORS, key=evidence)
