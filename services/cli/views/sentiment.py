"""The table of `cryptoboy sentiment`."""

from __future__ import annotations

from rich.text import Text

from services.cli.support.answers import answer_console, plain_table
from services.operations.sentiment import Aggregate, SentimentReport


def show_sentiment(report: SentimentReport) -> None:
    """Print a row for each pair, then the headlines, then the reason if no trades may be opened."""
    table = plain_table("pair", "score", "label", "age", "state", "aggregate", "source")
    headlines = []
    for pair, row in report.pairs.items():
        if row is None:
            table.add_row(pair, "", "", "", "none", "", "")
            continue
        table.add_row(
            pair if row.served_by == pair else f"{pair} (news of {row.served_by})",
            f"{row.score:+.2f}",
            row.label,
            f"{row.age_hours:.1f} h",
            row.state,
            _shown(row.aggregate),
            Text(row.source),
        )
        headlines.append(Text(f" {pair}: {row.headline}"))
    console = answer_console()
    console.print(table, *headlines, sep="\n")
    if report.unscored:
        console.print(
            f"Nobody scores {', '.join(report.unscored)}: neither pair nor asset is among the TRADING_PAIRS of the "
            "services."
        )
    if report.entries.why:
        console.print(Text(f"New entries are refused: {report.entries.why}."), soft_wrap=True)


def _shown(aggregate: Aggregate) -> str:
    if aggregate.score is None:
        return aggregate.state
    return f"{aggregate.score:+.2f} of {aggregate.signals}"
