"""`cryptoboy sources`: how the sources of news do."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from services.cli.support.answers import print_json
from services.cli.support.options import Json, settings_for
from services.cli.views.sources import show_sources
from services.common.settings.history import HISTORY_FIELDS
from services.operations.connections import connected_history
from services.operations.sources import read_sources


def sources(
    days: Annotated[float, typer.Option(min=0.04, max=366, help="The length of the period until now.")] = 7,
    json_output: Json = False,
) -> None:
    """Show for each source when it was last seen, its lag, articles a day, failed polls, and how often it was first.

    The lag is the time from publication to fetching. A source told a story first if it did so before the other
    sources of the same story. Failed polls are those since the news poller started, on this machine or where
    API_SERVICES says.

    Example: ./cryptoboy sources --days 30
    """
    settings = settings_for(uses=HISTORY_FIELDS | {"api_services"})
    now = datetime.now(UTC)
    with connected_history(settings) as history:
        report = read_sources(history, settings, now, days)
    if json_output:
        print_json(report.as_json())
    else:
        show_sources(report, now)
