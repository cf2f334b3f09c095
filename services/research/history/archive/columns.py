"""Maps the columns of a news archive to fields. Names are matched whole; an ambiguous name is an error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from services.common.errors import StopProgram

KNOWN_NAMES: Mapping[str, tuple[str, ...]] = {
    "published": ("published_at", "publishedat", "pubdate", "pub_date", "date", "datetime", "timestamp", "time"),
    "title": ("headline",),
    "source": ("publisher", "site", "domain"),
    "link": ("url",),
    "summary": ("text", "description", "snippet"),
    "content": ("body", "article", "full_text"),
    "first_seen": ("fetched_at", "crawled_at", "seen_at"),
}  # fmt: skip
"""The fields of an archive, and by which other names a column is recognised, in any spelling of case."""
REQUIRED = ("published", "title")


@dataclass(frozen=True, slots=True)
class Columns:
    """Field to position in a row, and for people field to the column's name and the columns left over."""

    positions: Mapping[str, int]
    names: Mapping[str, str]
    ignored: tuple[str, ...]


def read_mapping(options: Sequence[str]) -> dict[str, str]:
    """FIELD=COLUMN options as a dictionary. Raises StopProgram naming the option that is wrong."""
    mapping: dict[str, str] = {}
    for option in options:
        field, separator, column = option.partition("=")
        if not separator or not column or field not in KNOWN_NAMES:
            raise StopProgram(
                f"--map {option}: expected FIELD=COLUMN, where FIELD is one of {', '.join(KNOWN_NAMES)}; "
                "for example --map published=date"
            )
        if field in mapping:
            raise StopProgram(f"--map names a column for {field} twice: {mapping[field]} and {column}")
        mapping[field] = column
    return mapping


def normal_name(column: str) -> str:
    """A column's name as `KNOWN_NAMES` has it: `Published At` is published_at."""
    return column.strip().lower().replace(" ", "_").replace("-", "_")


def find_columns(
    path: Path, header: Sequence[str], mapping: Mapping[str, str], *, needs_source: bool
) -> Columns:
    """Find the fields among the columns of a file.

    Args:
        path: the file, for messages.
        header: its columns.
        mapping: what the user said, field to column. An empty COLUMN means that the field is not there.
        needs_source: whether each row has to say where it is from.

    Raises:
        StopProgram: a column named twice, named by the user and missing, required and missing, or two that
            could be the same field.
    """
    found = ", ".join(header) or "none"
    if repeated := sorted({name for name in header if name and header.count(name) > 1}):
        raise StopProgram(f"{path}, line 1: column {repeated[0]!r} stands there twice; found {found}")
    names: dict[str, str] = {}
    for field in KNOWN_NAMES:
        if column := _column(path, field, header, mapping):
            names[field] = column
    required = [*REQUIRED, *(["source"] if needs_source and "link" not in names else [])]
    if missing := [field for field in required if field not in names]:
        hint = " or --source NAME for the whole file" if "source" in missing else ""
        cells = " (cells are separated by commas, semicolons or tabs)" if len(header) == 1 else ""
        raise StopProgram(
            f"{path}, line 1: no column for {', '.join(missing)}; found {found}{cells}; "
            f"say which it is with --map {missing[0]}=COLUMN{hint}"
        )
    return Columns(
        positions={field: header.index(column) for field, column in names.items()},
        names=names,
        ignored=tuple(name for name in header if name and name not in names.values()),
    )


def _column(path: Path, field: str, header: Sequence[str], mapping: Mapping[str, str]) -> str | None:
    if wanted := mapping.get(field):
        if wanted not in header:
            raise StopProgram(
                f"{path}, line 1: no column {wanted!r} (--map {field}={wanted}); found {', '.join(header)}"
            )
        return wanted
    free = [name for name in header if name not in mapping.values()]
    if exact := [name for name in free if normal_name(name) == field]:
        return exact[0]
    candidates = [name for name in free if normal_name(name) in KNOWN_NAMES[field]]
    if len(candidates) > 1:
        raise StopProgram(
            f"{path}, line 1: {' and '.join(candidates)} could both be {field}; "
            f"say which it is, for example --map {field}={candidates[0]}"
        )
    return candidates[0] if candidates else None
