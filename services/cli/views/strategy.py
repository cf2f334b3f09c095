"""Shows what `cryptoboy strategy` has installed and found."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from services.cli.support.answers import answer_console, as_typed, figures_table
from services.cli.views.doctor import show_checks
from services.operations.strategies.check import PairNews, StrategyReport
from services.operations.strategies.install import Installed

CLASS = "MyStrategy"
_HOUR_MINUTES = 60


def show_installed(found: Installed, user_data: Path, block: str) -> None:
    """Print what was installed, the lines of a strategy to change, and the block for the configuration."""
    if not found.written:
        done = "is up to date in"
    elif found.before is None:
        done = "was installed in"
    else:
        done = f"replaces version {found.before} in"
    lines = [
        f"cryptoboy_sentiment {found.version} {done} {found.folder}",
        "",
        "Change two lines of your strategy:",
        "    from cryptoboy_sentiment import SentimentMixin   # a line below the other imports",
        f"    class {CLASS}(SentimentMixin, IStrategy):    # so far: class {CLASS}(IStrategy):",
        "Add to its configuration:",
        f"    {block}",
        "Then check it:",
        f"    ./cryptoboy strategy check --user-data {user_data} --strategy {CLASS}",
    ]
    print("\n".join(as_typed(line) for line in lines))


def show_report(report: StrategyReport) -> None:
    """Print the checks, and a table of the news of each pair in the last day."""
    show_checks(report.checks)
    if not report.pairs:
        return
    texts = ("pair", "entries that the news would have blocked", "and now")
    table = figures_table("the last 24 hours", texts, ("signals", "hours"))
    for pair in report.pairs:
        hours = sum(each.minutes for each in pair.blocked) / _HOUR_MINUTES
        table.add_row(pair.pair, _blocked(pair), pair.now or "open", str(pair.signals), f"{hours:.1f}")
    answer_console().print(table)


def _blocked(pair: PairNews) -> str:
    lines = [
        f"{datetime.fromisoformat(each.start):%d %H:%M} UTC, {each.minutes:.0f} min, {each.side}: {each.why}"
        for each in pair.blocked
    ]
    return "\n".join(lines) or "none"
