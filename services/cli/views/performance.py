"""The tables of `cryptoboy performance`."""

from __future__ import annotations

from rich.text import Text

from services.cli.support.answers import answer_console, figures_table
from services.history_recorder.performance.report import Cell, Performance

_ROWS = 12
_FIGURES = ("signals", "apart", "return", "control", "in its direction", "right", "p")


def show_performance(found: Performance) -> None:
    """Print a table for each group, then the verdict."""
    console = answer_console()
    counts = ", ".join(f"{count} after {horizon}" for horizon, count in found.signals.items())
    console.print(
        f"Signals from {found.start:%Y-%m-%d %H:%M} to {found.end:%Y-%m-%d %H:%M} UTC that have a return: {counts}. "
        f"Returns in percent, measured {found.computed:%Y-%m-%d %H:%M} UTC."
    )
    groups = dict.fromkeys(cell.group for cell in found.cells if cell.events)
    for group in groups:
        own = [cell for cell in found.cells if cell.group == group]
        values = list(dict.fromkeys(cell.value for cell in own))
        more = f", the {_ROWS} largest of {len(values)}" if len(values) > _ROWS else ""
        title = "All signals" if group == "all" else f"By {group}{more}"
        table = figures_table(title, [group, "after"], _FIGURES)
        for value in values[:_ROWS]:
            for cell in own:
                if cell.value == value:
                    table.add_row(Text(value or "all"), cell.horizon, *_figures(cell))
        console.print(table)
    if found.is_cut:
        console.print("There are more signals in this period than are counted; the newest are.")
    console.print(found.verdict)


def _figures(cell: Cell) -> tuple[str, ...]:
    return (
        str(cell.events),
        str(cell.apart),
        _with_reach(cell.mean, cell.high),
        _signed(cell.control),
        _with_reach(cell.directed, cell.directed_high),
        "" if cell.hit_share is None else f"{cell.hit_share:.0%}",
        "" if cell.p is None else f"{cell.p:.3f}{'*' if cell.stands else ''}",
    )


def _signed(value: float | None) -> str:
    return "" if value is None else f"{value:+.3f}"


def _with_reach(value: float | None, high: float | None) -> str:
    """A value with half the width of its interval, which is symmetric."""
    return _signed(value) if value is None or high is None else f"{value:+.3f} ±{high - value:.3f}"
