"""Finds the line of a file of rules on which a value stands, which the parser of TOML does not say."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_HEADER = re.compile(r"\s*\[(\[?)\s*([^\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*=""")
Path = tuple[str | int, ...]


def lines_of(text: str) -> dict[Path, int]:
    """The line, from 1, of each table and each key; the tables of `[[rules]]` are numbered from 0."""
    found: dict[Path, int] = {}
    counts: dict[str, int] = {}
    table: Path = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            name = header[2]
            table = tuple(part.strip().strip("\"'") for part in name.split("."))
            if header[1]:
                index = counts[name] = counts.get(name, -1) + 1
                table = (*table, index)
            found.setdefault(table, number)
        elif key := _KEY.match(line):
            found.setdefault((*table, key[1] or key[2] or key[3]), number)
    return found


def line_at(lines: Mapping[Path, int], where: Sequence[str | int]) -> int:
    """The line of the innermost part of this path that has one; 1 if none has."""
    path = tuple(where)
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)
