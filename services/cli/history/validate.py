"""`cryptoboy history validate`: checks whether candles and sentiment are fit for a backtest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from services.cli.support import options
from services.cli.support.answers import answer_console, print_json
from services.cli.support.progress import progress_of
from services.cli.support.recorded import with_recorded
from services.cli.views.validate import show_validation


def validate_history(
    candles: Annotated[Path | None, options.CANDLES] = None,
    sentiment: Annotated[Path | None, options.SENTIMENT] = None,
    timeframe: Annotated[str | None, typer.Option(help="Only candles of this length. Default: all.")] = None,
    pairs: Annotated[list[str] | None, options.ALL_PAIRS] = None,
    json_output: options.Json = False,
) -> None:
    """Check candles and sentiment for gaps, repetitions, wrong order, time zones, early signals, and coverage.

    Errors are faults that a backtest refuses, or that would silently make it wrong: files that cannot be read, wrong
    or missing columns and values, times without a zone, rows out of order or repeated, signals available before
    their news, labels that do not fit their score, pairs without candles, pairs all of whose signals lie outside the
    candles, fewer than eight candles, pairs with different quote currencies. `backtest` refuses by the same rules,
    so use the same --timeframe and --pairs as for the backtest.
    Warnings are faults that a backtest accepts: missing candles, some signals outside the candles, signals that were
    stale when they became available, times in another zone than UTC.

    Exit status: 0 if there are no errors, even with warnings; 1 if there are errors; 78 if a path does not exist.

    Example: ./cryptoboy history validate --candles candles --sentiment sentiment.csv
    """
    from services.research.history.validation.validating import validate

    candles, sentiment = with_recorded(candles, sentiment)
    staleness = timedelta(
        hours=options.load_settings({"sentiment_staleness_hours"}).sentiment_staleness_hours
    )
    with progress_of("checking") as progress:
        found = validate(
            candles,
            sentiment,
            timeframe=timeframe and options.read_timeframe(timeframe),
            pairs=options.read_pairs(pairs),
            staleness=staleness,
            now=datetime.now(UTC),
            progress=progress,
        )
    if json_output:
        print_json(found.as_json())
    else:
        show_validation(found, answer_console())
    if not found.findings.ok:
        raise typer.Exit(1)
