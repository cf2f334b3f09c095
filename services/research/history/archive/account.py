"""Builds the report of an import, which counts the result of every row."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from services.research.history.archive.archive import Added
from services.research.history.archive.articles import DroppedRowError

EXAMPLES = 3


@dataclass(slots=True)
class Account:
    """The counts of the rows read so far; `rows` = new + duplicates + replaced + all dropped."""

    rows: int = 0
    new: int = 0
    duplicates: int = 0
    replaced: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    odd: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, report: dict[str, Any]) -> Account:
        """Build the counts from the report that is stored in an archive."""
        counters = {name: Counter(report[name]) for name in ("dropped", "odd")}
        return cls(**{**report, **counters})

    def as_json(self) -> dict[str, Any]:
        """Return the counts as JSON values, for storage in an archive and for `--json`."""
        return {
            "rows": self.rows,
            "new": self.new,
            "duplicates": self.duplicates,
            "replaced": self.replaced,
            "dropped": dict(self.dropped),
            "odd": dict(self.odd),
            "examples": self.examples,
        }

    def add(self, added: Added) -> None:
        """Count articles that were added to the archive."""
        self.new += added.new
        self.duplicates += added.duplicates
        self.replaced += added.replaced

    def drop(self, line: int, error: DroppedRowError) -> None:
        """Count a row that did not become an article."""
        self.dropped[error.reason] += 1
        examples = self.examples.setdefault(error.reason, [])
        if len(examples) < EXAMPLES:
            examples.append(f"line {line}" + (f": {error.detail}" if error.detail else ""))


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The report of one import, and of the archive after it. Times are UTC."""

    archive: Path
    source_file: Path
    columns: dict[str, str]
    ignored_columns: tuple[str, ...]
    account: Account
    resumed_at_row: int
    already_there: bool
    articles: int
    known_from: datetime
    known_until: datetime

    def as_json(self) -> dict[str, Any]:
        """Return the report as JSON values, for `--json`."""
        return {
            "archive": str(self.archive),
            "source_file": str(self.source_file),
            "columns": self.columns,
            "ignored_columns": list(self.ignored_columns),
            **self.account.as_json(),
            "resumed_at_row": self.resumed_at_row,
            "already_imported": self.already_there,
            "articles_in_archive": self.articles,
            "known_from": self.known_from.isoformat(),
            "known_until": self.known_until.isoformat(),
        }
