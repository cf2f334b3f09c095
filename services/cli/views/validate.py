"""The report of `cryptoboy history validate` for people: the amount of data by month, and the findings."""

from __future__ import annotations

from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from services.research.history.validation.findings import Finding
    from services.research.history.validation.validating import Validation

Cells = Mapping[tuple[str, str], Mapping[str, int]]
"""Counts of data by their names, for each month, such as 2025-05, and pair."""

_FRESH_HOURS = "hours with fresh sentiment"
_CANDLES = "candles "
_DAY_HOURS = 24
_MOST_PAIRS = 3


@dataclass(slots=True)
class Run:
    """Consecutive months; `counts` apply to each of the months and to each of the pairs."""

    first: str
    last: str
    pairs: tuple[str, ...]
    counts: dict[str, int]

    @property
    def only_candles(self) -> bool:
        """Whether these months had neither news nor sentiment that was still fresh from earlier news."""
        return all(name.startswith(_CANDLES) for name in self.counts)


def show_validation(found: Validation, console: Console) -> None:
    """Print the report, and its conclusion last."""
    from services.research.history.validation.findings import Level

    cells = _cells(found)
    columns = sorted({name for row in cells.values() for name in row})
    table = Table("month", "pair", *columns)
    for run in runs_of(cells) if found.sentiment else _months(cells):
        table.add_row(*_shown(run, columns))
    if cells:
        console.print(table)
    for level in Level:
        for finding in found.findings.of(level):
            for line in lines_about(finding, found.rows if found.sentiment else 0):
                console.print(Text(line), soft_wrap=True)
    console.print(conclusion(*(len(found.findings.of(level)) for level in Level)))


def conclusion(errors: int, warnings: int) -> str:
    """A sentence that says whether the data can be used."""
    noted = f"{warnings} warning{'' if warnings == 1 else 's'}" if warnings else "no warnings"
    if not errors:
        return f"Fit for a backtest; {noted}."
    return f"Not fit for a backtest; {errors} error{'' if errors == 1 else 's'}, {noted}."


def lines_about(finding: Finding, signals: int) -> Iterator[str]:
    """The lines about one kind of fault: its place, its count and its first case.

    Args:
        finding: the fault.
        signals: the number of signals in the sentiment file.
    """
    often = f"{finding.count:,}"
    if finding.kind in _OF_SIGNALS and signals:
        often += f" of {signals:,} signals ({finding.count / signals:.2%})"
    yield f"{finding.level.value}: {finding.where}: {finding.kind.replace('_', ' ')}, {often}"
    yield f"    {finding.message}"


_OF_SIGNALS = frozenset({"stale_at_once", "outside_candles", "other_time_zone"})


def runs_of(cells: Cells) -> list[Run]:
    """The rows to show: consecutive months of candles without news are joined, and so are pairs with equal data."""
    runs: list[Run] = []
    for month in sorted(_months(cells), key=lambda each: (each.pairs, each.first)):
        before = runs[-1] if runs else None
        if before and before.pairs == month.pairs and _goes_on(before, month):
            before.last = month.last
            before.counts = {name: count + month.counts[name] for name, count in before.counts.items()}
        else:
            runs.append(month)
    alike: dict[object, Run] = {}
    for run in runs:
        key = (run.first, run.last, tuple(sorted(run.counts.items())), () if run.only_candles else run.pairs)
        if key in alike:
            alike[key].pairs += run.pairs
        else:
            alike[key] = run
    return sorted(alike.values(), key=lambda run: (run.first, run.pairs))


def _goes_on(before: Run, month: Run) -> bool:
    return (
        before.only_candles
        and before.counts.keys() == month.counts.keys()
        and _following(before.last) == month.first
    )


def _following(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year + number // 12:04}-{number % 12 + 1:02}"


def _months(cells: Cells) -> list[Run]:
    return [Run(month, month, (pair,), dict(counts)) for (month, pair), counts in sorted(cells.items())]


def _cells(found: Validation) -> Cells:
    cells: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for coverage in found.candles:
        for month, count in coverage.months.items():
            cells[month, coverage.pair][f"{_CANDLES}{coverage.timeframe}"] = count
    for pair, signals in found.sentiment.items():
        for name, counts in signals.as_json().items():
            for month, count in counts.items():
                cells[month, pair][name.replace("_", " ")] = count
    return cells


def _shown(run: Run, columns: list[str]) -> Iterator[str]:
    yield run.first if run.first == run.last else f"{run.first} to {run.last}"
    yield ", ".join(run.pairs) if len(run.pairs) <= _MOST_PAIRS else f"each of {len(run.pairs)}"
    for name in columns:
        count = run.counts.get(name)
        if count is None:
            yield ""
        elif name == _FRESH_HOURS:
            hours = _DAY_HOURS * monthrange(int(run.first[:4]), int(run.first[5:]))[1]
            yield f"{count} ({count / hours:.0%})"
        else:
            yield str(count)
