"""`cryptoboy history export`: exports the signals of a running system as a sentiment CSV."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.support import options
from services.cli.support.answers import print_json
from services.common.errors import StopProgram
from services.common.settings.history import HISTORY_FIELDS
from services.common.settings.settings import Settings

if TYPE_CHECKING:
    from services.research.history.scoring.exporting import ExportReport


class Source(StrEnum):
    """Where signals are read."""

    HISTORY = "history"
    REDIS = "redis"


def export_history(
    out: Annotated[
        Path,
        typer.Option(help="The sentiment CSV; compressed if its name ends with .gz.", show_default=False),
    ],
    pairs: Annotated[
        list[str] | None,
        typer.Option(
            "--pairs",
            "-p",
            help="Such as BTC/USDT,ETH/USDT. Default: all of the history, or TRADING_PAIRS of Redis.",
            show_default=False,
        ),
    ] = None,
    start: options.From = None,
    end: options.To = None,
    source: Annotated[
        Source | None,
        typer.Option(
            help="The history (HISTORY_URL), or Redis with the last SIGNAL_HISTORY_HOURS. Default: the history, or "
            "Redis as long as nothing was recorded.",
            show_default=False,
        ),
    ] = None,
    json_output: options.Json = False,
) -> None:
    """Export the signals of a running system.

    The time of each signal is when the strategy could first act on it. The columns and the order of the rows are
    those of history score, so a backtest on the file sees what the bot saw. --from and --to select by that time.

    Example: ./cryptoboy history export --out signals.csv --from 2026-11-01
    """
    settings = options.load_settings(options.OF_STORE | HISTORY_FIELDS | {"trading_pairs"})
    period = options.read_period(start, end)
    chosen = source or _source(settings)
    report = _export(settings, chosen, options.read_names(pairs), period, out)
    if json_output:
        print_json({"read_from": chosen.value, **report.as_json()})
        return
    for pair, count in report.unreadable.items():
        print(f"{pair}: {count} entries are no signals and were left out; the first: {report.problems[pair]}")
    signals = ", ".join(f"{pair} {count}" for pair, count in sorted(report.signals.items()))
    where = "the history" if chosen is Source.HISTORY else "Redis"
    print(
        f"{out}: signals of {where}: {signals}; "
        f"available from {report.available_from} to {report.available_until}."
    )


def _source(settings: Settings) -> Source:
    """The history; Redis as long as no signal was recorded."""
    from services.common.history.open import open_reader

    with closing(open_reader(settings)) as reader:
        return Source.HISTORY if reader.signals(limit=1).rows else Source.REDIS


def _export(
    settings: Settings,
    source: Source,
    pairs: tuple[str, ...],
    period: tuple[datetime | None, datetime | None],
    out: Path,
) -> ExportReport:
    if source is Source.REDIS:
        from services.research.history.scoring.exporting import export_signals

        if any(period):
            raise StopProgram("--from and --to select from the history; of Redis all signals are exported")
        return export_signals(settings, pairs or settings.trading_pairs, out)
    from services.common.history.open import open_reader
    from services.common.history.queries import SignalFilter
    from services.research.history.recorded.signals import export_recorded

    with closing(open_reader(settings)) as reader:
        return export_recorded(reader, SignalFilter(pairs=pairs, since=period[0], until=period[1]), out)
