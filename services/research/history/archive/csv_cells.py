"""Reads the cells of a spreadsheet's CSV; the first line shows whether commas, semicolons or tabs separate them."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterator
from itertools import chain

from services.research.history.archive.columns import normal_name

MAX_CELL = 10_000_000
"""The longest cell in characters; Python's own limit of 131,072 is too small for some articles with their markup."""

_SEPARATORS = (",", ";", "\t")
_STATED = re.compile(r"sep=(.)\s*", re.IGNORECASE)


def read_cells(lines: Iterator[str], known: Collection[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield the column names and then the rows that are not blank, each with the number of the line on which it ends.

    Args:
        lines: the lines of the file with their line ends.
        known: the normal names of known columns. The separator is the one by which the first line has the most
            known columns, or else the most cells. A first line `sep=;`, as Excel writes it, states the separator
            instead.

    Raises:
        csv.Error: quotes are not closed, or a cell is longer than `MAX_CELL`.
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
