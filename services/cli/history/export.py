"""`cryptoboy history export`: exports the signals of a running system as a sentiment CSV."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.cli.support.answers import print_json
from services.cli.support.options import OF_STORE, Json, Pairs, load_settings, read_names


def export_history(
    out: Annotated[
        Path,
        typer.Option(help="The sentiment CSV; compressed if its name ends with .gz.", show_default=False),
    ],
    pairs: Pairs = None,
    json_output: Json = False,
) -> None:
    """Export the signals that the running system has in Redis (those of the last SIGNAL_HISTORY_HOURS).

    The time of each signal is when the strategy could first act on it. The columns and the order of the rows are
    those of history score, so a backtest on the file sees what the bot saw.

    Example: ./cryptoboy history export --out signals.csv
    """
    from services.research.history.scoring.exporting import export_signals

    settings = load_settings(OF_STORE | {"trading_pairs"})
    report = export_signals(settings, read_names(pairs) or settings.trading_pairs, out)
    if json_output:
        print_json(report.as_json())
        return
    for pair, count in report.unreadable.items():
        print(f"{pair}: {count} entries are no signals and were left out; the first: {report.problems[pair]}")
    signals = ", ".join(f"{pair} {count}" for pair, count in sorted(report.signals.items()))
    print(f"{out}: signals {signals}; available from {report.available_from} to {report.available_until}.")
