"""`scripts/endurance.py`: checks that the services' resource use and throughput stay stable under load."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE
from rich.table import Table
from rich.text import Text

from devtools.commands.tool import run_tool
from services.cli.support.answers import answer_console
from services.cli.support.console import PlainConsole
from services.common.errors import StopProgram

if TYPE_CHECKING:
    from devtools.endurance.run import Outcome
    from devtools.endurance.verdict import Finding

MEBIBYTE = 2**20


def endurance(
    seconds: Annotated[float, typer.Option(min=10, help="How long the load lasts.")] = 600.0,
    rate: Annotated[
        float, typer.Option(min=1, help="Articles a second, each of which becomes a signal.")
    ] = 500.0,
    processors: Annotated[int, typer.Option(min=1, max=16, help="Processors that share the news queue.")] = 1,
    warm_up: Annotated[float, typer.Option(min=1, help="Seconds after which nothing may grow.")] = 60.0,
    plot: Annotated[Path | None, typer.Option(help="Write what was seen to this HTML file.")] = None,
    json_output: Annotated[
        bool, typer.Option("--json", help="Print a JSON list: name, measure, begin, end, growth, met.")
    ] = False,
) -> None:
    """Send news through both queues at a steady rate and watch memory, files, connections and threads.

    Starts a private RabbitMQ and Redis, the exchange that replays candles, and all four services. The exit status is
    1 if a service's resource use grows, the rate is not reached, or an article's signals are not in the store.

    Example: scripts/endurance.py --seconds 120 --rate 200 --plot endurance.html
    """
    from contextlib import ExitStack

    from devtools.bench.lab import Lab
    from devtools.bench.servers import Servers
    from devtools.endurance.run import Plan, endure
    from devtools.endurance.verdict import WINDOW_SECONDS
    from devtools.endurance.watching import check_that_it_can_watch

    check_that_it_can_watch()
    if seconds < warm_up + 2 * WINDOW_SECONDS:
        raise StopProgram(f"--seconds must be at least {warm_up + 2 * WINDOW_SECONDS:.0f}, or --warm-up less")
    if plot is not None and not plot.absolute().parent.is_dir():
        raise StopProgram(f"--plot {plot}: there is no directory {plot.parent}; make it first")
    console = PlainConsole(stderr=True)
    with (
        ExitStack() as stack,
        TemporaryDirectory(prefix="cryptoboy-endurance-") as folder,
        console.status("starting the servers") as status,
    ):
        lab = Lab(Servers(stack, None, None), Path(folder), 1, report=status.update)
        outcome = endure(lab, Plan(seconds, rate, processors, warm_up))
    if plot is not None:
        from devtools.endurance.plot import samples_page

        plot.write_text(samples_page(outcome.samples), encoding="utf-8")
    if json_output:
        print(json.dumps([_as_json(each) for each in outcome.findings]))
    else:
        _show(outcome)
    if not all(each.met for each in outcome.findings):
        raise typer.Exit(1)


def _show(outcome: Outcome) -> None:
    table = Table(box=SIMPLE, header_style="bold", pad_edge=False)
    for name in ("name", "measure", "begin", "end", "growth", "met"):
        table.add_column(name, justify="left" if name in {"name", "measure", "met"} else "right")
    for each in outcome.findings:
        begin, end = _figures(each)
        met = "yes" if each.met else Text("no", style="red")
        table.add_row(each.name, each.measure, begin, end, f"{each.growth:+.1%}", met)
    answer_console().print(table)
    print(
        f"{outcome.published:,} articles; both queues were empty {outcome.drained_seconds:.0f} s after the load; "
        f"{outcome.late} batches came more than a second late"
    )


def _figures(finding: Finding) -> tuple[str, str]:
    if finding.measure == "memory":
        return f"{finding.begin / MEBIBYTE:.1f} MiB", f"{finding.end / MEBIBYTE:.1f} MiB"
    return f"{finding.begin:,.0f}", f"{finding.end:,.0f}"


def _as_json(finding: Finding) -> dict[str, object]:
    return {
        "name": finding.name,
        "measure": finding.measure,
        "begin": round(finding.begin, 1),
        "end": round(finding.end, 1),
        "growth": round(finding.growth, 4),
        "met": finding.met,
    }


if __name__ == "__main__":
    run_tool(endurance, "scripts/endurance.py")
