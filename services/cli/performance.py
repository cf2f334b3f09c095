"""`cryptoboy performance`: how the scores did."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from services.cli.support.answers import print_json
from services.cli.support.options import From, Json, To, read_names, read_period, settings_for
from services.common.settings.history import HISTORY_FIELDS
from services.operations.answer import json_value
from services.operations.connections import connected_history


def performance(
    pair: Annotated[
        str | None, typer.Option("--pair", "-p", help="Such as BTC/USDT, or an asset. Default: all.")
    ] = None,
    start: From = None,
    end: To = None,
    json_output: Json = False,
) -> None:
    """Show how prices changed 1, 4 and 24 hours after signals, in groups, and whether that is more than chance.

    Returns are measured from the open of the next recorded candle after a signal was available, and compared with the
    same pairs at the same time of day on earlier days. Default: the last 30 days, as the recorder measured them last,
    which it does every few minutes while it runs. A group with few signals has a count and no figures.

    Example: ./cryptoboy performance --from 2026-11-01 --to 2026-11-08
    """
    first, last = read_period(start, end)
    settings = settings_for(uses=HISTORY_FIELDS)

    from services.operations.performance import read_performance  # takes time

    with connected_history(settings) as history:
        found = read_performance(
            history,
            pair=read_names([pair])[0] if pair else None,
            start=first,
            end=last,
            now=datetime.now(UTC),
        )
    if json_output:
        print_json(json_value(found))
        return

    from services.cli.views.performance import show_performance

    show_performance(found)
