"""Writes the page of a command to the file that --html names, and keeps what pages and briefs show of it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from services.cli.support.answers import say, write_page
from services.common.settings.settings import Settings
from services.operations.reports import keep_report, reports_folder

if TYPE_CHECKING:
    from services.operations.why.repeated import OwnTrades
    from services.research.backtest.run import Backtest


def write_report(path: Path, kind: str, page: str) -> None:
    """Write a page, and keep a copy of it in STATE_DIR.

    Args:
        path: the file that --html names.
        kind: the command that made the page, for the list of reports.
        page: the HTML.

    Raises:
        StopProgram: the file cannot be written. A copy that cannot be kept is only reported.
    """
    write_page(path, page)
    folder = reports_folder(Settings.load(uses={"state_dir"}))
    try:
        keep_report(folder, kind, page, datetime.now(UTC))
    except OSError as error:
        say(f"the page of the API will not show this report: {folder} cannot be written ({error.strerror})")


def keep_own_trades(found: Backtest, own: OwnTrades) -> None:
    """Keep in STATE_DIR how far a backtest repeated the bot's trades. What cannot be kept is only reported."""
    from services.operations.why.comparisons import Comparison, keep_comparison

    folder = reports_folder(Settings.load(uses={"state_dir"}))
    plan = found.plan
    changes = (f"--set {name}={value}" for name, value in plan.changes.items())
    comparison = Comparison(
        made=datetime.now(UTC),
        start=found.start,
        end=found.end,
        strategy=plan.strategy,
        timeframe=plan.timeframe,
        pairs=found.inputs.pairs,
        options=" ".join(filter(None, [*changes, plan.selection.words])),
        own=own,
    )
    try:
        keep_comparison(folder, comparison)
    except OSError as error:
        say(f"the weekly brief will not show this comparison: {folder} cannot be written ({error.strerror})")
