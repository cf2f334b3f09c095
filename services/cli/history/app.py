"""`cryptoboy history`: imports and scores news archives, and checks the results, for backtests and studies."""

from __future__ import annotations

import typer

from services.cli.history import export as history_export
from services.cli.history import fetch as history_fetch
from services.cli.history import import_ as history_import
from services.cli.history import score as history_score
from services.cli.history import study as history_study
from services.cli.history import validate as history_validate

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
    """Make a sentiment CSV for backtests from news archives, and check candles and sentiment."""
