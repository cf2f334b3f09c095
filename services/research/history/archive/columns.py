"""Maps the columns of a news archive to fields. Only whole names match; an ambiguous name is an error."""

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
"""The fields of an archive, each with the other names by which its column is recognised, in upper or lower case."""
REQUIRED = ("published", "title")


@dataclass(frozen=True, slots=True)
class Columns:
    """The position of each field in a row; for people, also each field's column name and the columns not used."""

    positions: Mapping[str, int]
    names: Mapping[str, str]
    ignored: tuple[str, ...]


def read_mapping(options: Sequence[str]) -> dict[str, str]:
    """Parse FIELD=COLUMN options into a dictionary. Raises StopProgram that names the wrong option."""
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
    """Return a column's name in the spelling of `KNOWN_NAMES`: `Published At` becomes published_at."""
    return column.strip().lower().replace(" ", "_").replace("-", "_")


def find_columns(
    path: Path, header: Sequence[str], mapping: Mapping[str, str], *, needs_source: bool
) -> Columns:
    """Find the fields among the columns of a file.

    Args:
        path: the file, which messages name.
        header: the names of the file's columns.
        mapping: the user's mapping of fields to columns. An empty COLUMN means that the file does not have the field.
        needs_source: whether each row must name its source.

    Raises:
        StopProgram: a column name is repeated, a column that the user named or that is required is missing, or two
            columns could be the same field.
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
