"""`cryptoboy history`: news archives, their scores, and checks of both, for backtests and studies."""

from __future__ import annotations

import typer

from services.cli import (
    history_export,
    history_fetch,
    history_import,
    history_score,
    history_study,
    history_validate,
)

history_app = typer.Typer(
    help="News history for backtests: import, score, validate, study, export, fetch candles.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
history_app.command("import")(history_import.import_archive)
history_app.command("score")(history_score.score_history)
history_app.command("validate")(history_validate.validate_history)
history_app.command("export")(history_export.export_history)
history_app.command("fetch")(history_fetch.fetch_history)
history_app.command("study")(history_study.study)


@history_app.callback()
def history() -> None:
    """From news archives to a sentiment CSV that a backtest reads, and checks of both."""
