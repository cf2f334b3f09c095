"""Writes the page of a command to the file that --html names, and keeps a copy for the page of the API."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from services.cli.support.answers import say, write_page
from services.common.settings.settings import Settings
from services.operations.reports import keep_report, reports_folder


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
