"""`cryptoboy history validate`: whether candles and sentiment are fit for a backtest."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from services.cli.answers import answer_console
from services.cli.options import Json
from services.cli.progress import progress_of
from services.common.errors import StopProgram
from services.common.settings import Settings
from services.common.values import check_timeframe

if TYPE_CHECKING:
    from services.research.history.validating import Validation


def validate_history(
    candles: Annotated[
        Path | None, typer.Option(help="Directory with candles such as BTC_USDT-1h.feather.")
    ] = None,
    sentiment: Annotated[Path | None, typer.Option(help="The sentiment CSV, as from history score.")] = None,
    timeframe: Annotated[str | None, typer.Option(help="Only candles of this length. Default: all.")] = None,
    json_output: Json = False,
) -> None:
    """Check candles and sentiment: gaps, repetitions, disorder, time zones, signals before their news, coverage.

    Errors are what a backtest refuses, or would believe wrongly: files that cannot be read, wrong or missing
    columns and values, times without a zone, rows out of order or repeated, signals available before their news,
    labels that do not fit their score, pairs without candles, pairs all of whose signals lie outside the candles.
    Warnings are what one should know: missing candles, some signals outside the candles, signals that were stale
    when they became available, times in another zone than UTC.

    Exit status: 0 without errors, whatever the warnings; 1 with errors; 78 when a path is not there.

    Example: ./cryptoboy history validate --candles candles --sentiment sentiment.csv
    """
    from services.research.history.validating import validate

    if timeframe is not None:
        try:
            check_timeframe(timeframe)
        except ValueError as error:
            raise StopProgram(f"--timeframe: {error}") from None
    staleness = timedelta(hours=Settings.load().sentiment_staleness_hours)
    with progress_of("checking") as progress:
        found = validate(
            candles,
            sentiment,
            timeframe=timeframe,
            staleness=staleness,
            now=datetime.now(UTC),
            progress=progress,
        )
    if json_output:
        print(json.dumps(found.as_json()))
    else:
        _print(found)
    if not found.findings.ok:
        raise typer.Exit(1)


def _print(found: Validation) -> None:
    from services.research.history.findings import Level

    console = answer_console()
    cells: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for coverage in found.candles:
        for month, count in coverage.months.items():
            cells[month, coverage.pair][f"candles {coverage.timeframe}"] = count
    for pair, signals in found.sentiment.items():
        for name, counts in signals.as_json().items():
            for month, count in counts.items():
                cells[month, pair][name.replace("_", " ")] = count
    columns = sorted({name for row in cells.values() for name in row})
    table = Table("month", "pair", *columns)
    for month, pair in sorted(cells):
        table.add_row(month, pair, *(str(cells[month, pair].get(name, "")) for name in columns))
    if cells:
        console.print(table)
    for level in Level:
        for finding in found.findings.of(level):
            text = f"{level.value}: {finding.kind} ({finding.count}): {finding.where}: {finding.message}"
            console.print(Text(text), soft_wrap=True)
    errors, warnings = (len(found.findings.of(level)) for level in Level)
    print(f"{errors} kinds of errors, {warnings} of warnings.")
