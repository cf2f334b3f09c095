"""The table of `cryptoboy sources`."""

from __future__ import annotations

from datetime import datetime, timedelta

from rich.text import Text

from services.cli.support.answers import answer_console, plain_table
from services.operations.sources import SourceReport, SourcesReport


def show_sources(report: SourcesReport, now: datetime) -> None:
    """Print a row for each source."""
    table = plain_table(
        "source", "last seen", "lag", "lag p95", "articles", "a day", "told first", "failed polls", "outcomes"
    )
    for source in report.sources:
        table.add_row(
            Text(source.source),
            f"{_span((now - source.last_seen) / timedelta(seconds=1))} ago",
            _span(source.lag_seconds),
            _span(source.lag_p95_seconds),
            str(source.articles),
            "" if source.articles_per_day is None else f"{source.articles_per_day:g}",
            _first(source),
            _polls(source),
            ", ".join(f"{count} {outcome}" for outcome, count in source.outcomes.items()),
        )
    console = answer_console()
    console.print(table)
    console.print(f"Articles fetched since {report.since:%Y-%m-%d %H:%M} UTC.")
    if report.is_cut:
        console.print("There are more articles in this period than are counted; the newest are.")


def _first(source: SourceReport) -> str:
    if source.told_first_share is None:
        return ""
    return f"{source.told_first_share:.0%} of {source.stories}"


def _polls(source: SourceReport) -> str:
    if source.failures is None:
        return ""
    return f"{source.failures}{' (failing now)' if source.is_failing else ''}"


def _span(seconds: float | None) -> str:
    if seconds is None:
        return ""
    for length, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.0f} s"
