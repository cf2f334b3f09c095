"""`cryptoboy walk-forward`: fits parameters on one period and tests them on the next."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from services.cli.support import options
from services.cli.support.answers import answer_console, figures_table, print_json
from services.cli.support.progress import progress_of
from services.cli.support.recorded import with_recorded
from services.common.errors import StopProgram

SPACES = ("buy", "sell", "indicators", "roi", "stoploss", "trailing")


def walk_forward(
    candles: Annotated[Path, options.CANDLES],
    sentiment: Annotated[Path, options.SENTIMENT],
    start: Annotated[
        str, typer.Option("--from", help="First day or instant, UTC: the first fit begins there.")
    ],
    end: Annotated[str, typer.Option("--to", help="Day or instant to stop before, UTC.")],
    timeframe: Annotated[str, typer.Option(help="Candles to trade on.")] = "1h",
    pairs: Annotated[list[str] | None, options.ALL_PAIRS] = None,
    fit_days: Annotated[float, typer.Option(min=1, help="Days before each test that are fitted on.")] = 28,
    test_days: Annotated[
        float, typer.Option(min=1, help="Days of each test; the next window begins after them.")
    ] = 7,
    epochs: Annotated[int, typer.Option(min=1, help="Parameter sets to try in each fit.")] = 50,
    spaces: Annotated[
        list[str] | None, typer.Option(help=f"Of {', '.join(SPACES)}. Default: buy,sell,indicators.")
    ] = None,
    loss: Annotated[
        str, typer.Option(help="Freqtrade's class of the loss that a fit minimises.")
    ] = "SharpeHyperOptLossDaily",
    seed: Annotated[int, typer.Option(min=1, help="The same seed repeats every figure.")] = 1,
    fee: Annotated[float | None, options.FEE] = None,
    json_output: options.Json = False,
) -> None:
    """Fit parameters with `freqtrade hyperopt` on one window, test them on the next, and report only the tests.

    Example: ./cryptoboy walk-forward --candles candles --sentiment sentiment.csv --from 2025-05-01 --to 2025-07-01
    """
    settings = options.load_settings(options.OF_LOGGING | {"dry_run_wallet"})
    first, last = options.read_period(start, end)
    searched = _read_spaces(spaces)
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", loss):
        raise StopProgram(
            f"--loss {loss!r} is no class of Freqtrade's; expected one such as SharpeHyperOptLossDaily"
        )

    from services.common.runtime.logging import configure_logging
    from services.research.backtest.plan import Plan
    from services.research.walk_forward.fitting import Search
    from services.research.walk_forward.report import walk_forward_json
    from services.research.walk_forward.run import run_walk_forward

    configure_logging(settings.changed(log_level="WARNING"), "walk-forward")
    candles, sentiment = with_recorded(candles, sentiment)
    plan = Plan(
        candles=candles,
        sentiment=sentiment,
        timeframe=options.read_timeframe(timeframe),
        start=first,
        end=last,
        pairs=tuple(sorted(options.read_pairs(pairs))),
        seed=seed,
        wallet=settings.dry_run_wallet,
        fee=fee,
    )
    with progress_of("walk-forward") as show:
        found = run_walk_forward(
            plan,
            Search(epochs, searched, loss, seed),
            timedelta(days=fit_days),
            timedelta(days=test_days),
            show,
        )
    answer = walk_forward_json(found)
    if json_output:
        print_json(answer)
        return
    _show(answer, answer_console())


def _read_spaces(given: list[str] | None) -> tuple[str, ...]:
    spaces = tuple(word for text in given or () for word in text.replace(",", " ").split())
    if unknown := sorted(set(spaces) - set(SPACES)):
        raise StopProgram(f"--spaces {', '.join(unknown)}: expected some of {', '.join(SPACES)}")
    return spaces or SPACES[:3]


def _show(answer: dict[str, Any], console: Console) -> None:
    title = (
        f"Out of sample: fitted on {answer['fit_days']:g} days, tested on the next {answer['test_days']:g}"
    )
    figures = ("trades", "profit", "drawdown", "unfitted trades", "profit", "drawdown")
    table = figures_table(title, ["test"], figures)
    for window in answer["windows"]:
        name = f"{window['test']['from'][:10]} to {window['test']['to'][:10]}"
        table.add_row(name + ("" if window["fitted"] else " (no fit)"), *_figures(window))
    table.add_section()
    table.add_row("together", *_figures(answer))
    console.print(table)
    for note in answer["notes"]:
        console.print(note, markup=False)
    console.print(answer["verdict"], markup=False)


def _figures(row: dict[str, Any]) -> list[str]:
    return [
        text
        for part in (row["out_of_sample"], row["unfitted_defaults"])
        for text in (str(part["trades"]), f"{part['profit_pct']:+.2f}%", f"{part['max_drawdown_pct']:.2f}%")
    ]
