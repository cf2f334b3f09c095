"""`cryptoboy brief`: the daily and the weekly brief, at any time."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from services.cli.support.answers import page_file, print_json, write_page
from services.cli.support.options import OF_SCORING, OF_STORE, Json, settings_for
from services.common.history.notifying.rows import BriefKind
from services.common.settings.history import HISTORY_FIELDS
from services.operations.connections import connected_history, connected_store

_USES = (
    HISTORY_FIELDS
    | OF_STORE
    | OF_SCORING
    | {"trading_pairs", "candle_timeframe", "strategy_timeframe", "sentiment_staleness_hours"}
    | {"brief_timezone", "health_port"}
)


def brief(
    weekly: Annotated[
        bool, typer.Option("--weekly", help="The brief of Sunday, about the last week.")
    ] = False,
    html: Annotated[
        Path | None, typer.Option(help="Also write it as a page: a file, or a directory to name one in.")
    ] = None,
    by_model: Annotated[
        bool,
        typer.Option("--model", help="With a paragraph by the model of SENTIMENT_SCORER; takes a while."),
    ] = False,
    json_output: Json = False,
) -> None:
    """Show what happened in the last day: moods, stories, trades and why, what was blocked, and silent sources.

    The notifier sends the same at BRIEF_AT; this one is neither kept nor sent.

    Example: ./cryptoboy brief --weekly --html week.html
    """
    kind = BriefKind.WEEKLY if weekly else BriefKind.DAILY
    settings = settings_for(uses=_USES)
    now = datetime.now(UTC)
    page = page_file(html, f"brief-{kind.value}-{now:%Y-%m-%d}.html")

    from services.operations.briefs.make import make_brief  # takes time

    with ExitStack() as opened:
        history = opened.enter_context(connected_history(settings))
        store = opened.enter_context(connected_store(settings))
        made = make_brief(kind, history, store, settings, now=now, by_model=by_model)
    if page is not None:
        write_page(page, made.row.html)
    if json_output:
        print_json(
            {"kind": kind.value, "day": made.row.day.isoformat(), "text": made.row.text, **made.row.body}
        )
        return
    print(made.row.text, end="")
    if page is not None:
        print(f"\nPage: {page}")
