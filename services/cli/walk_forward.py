"""`cryptoboy walk-forward`: parameters fitted on one stretch of time, tested on the next."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from services.cli.support.answers import answer_console
from services.cli.support.options import OF_LOGGING, Json, load_settings
from services.cli.support.period import read_period
from services.cli.support.progress import progress_of
from services.common.errors import StopProgram
from services.common.values import check_pair, check_timeframe

SPACES = ("buy", "sell", "indicators", "roi", "stoploss", "trailing")


def walk_forward(
    candles: Annotated[Path, typer.Option(help="Directory with candles such as BTC_USDT-1h.feather.")],
    sentiment: Annotated[Path, typer.Option(help="The sentiment CSV, as from `history score`.")],
    start: Annotated[
        str, typer.Option("--from", help="First day or instant, UTC: the first fit begins there.")
    ],
    end: Annotated[str, typer.Option("--to", help="Day or instant to stop before, UTC.")],
    timeframe: Annotated[str, typer.Option(help="Candles to trade on.")] = "1h",
    pairs: Annotated[
        list[str] | None,
        typer.Option("--pairs", "-p", help="Such as BTC/USDT,ETH/USDT. Default: all there are."),
    ] = None,
    fit_days: Annotated[float, typer.Option(min=1, help="Days before each test that are fitted on.")] = 28,
    test_days: Annotated[
        float, typer.Option(min=1, help="Days of each test; the next window begins after them.")
    ] = 7,
    epochs: Annotated[int, typer.Option(min=1, help="Parameter sets to try in each fit.")] = 50,
    spaces: Annotated[
        list[str] | None, typer.Option(help=f"Of {', '.join(SPACES)}. Default: buy,sell,indicators.")
    ] = None,
    loss: Annotated[
        str, typer.Option(help="Freqtrade's class for what a fit makes small.")
    ] = "SharpeHyperOptLossDaily",
    seed: Annotated[int, typer.Option(min=1, help="The same seed repeats every figure.")] = 1,
    fee: Annotated[
        float | None, typer.Option(min=0, max=0.1, help="As a ratio, 0.001 is 0.1%. Default: the exchange's.")
    ] = None,
    json_output: Json = False,
) -> None:
    """Fit with `freqtrade hyperopt` on one window, test on the next, and report the tests only.

    Example: ./cryptoboy walk-forward --candles candles --sentiment sentiment.csv --from 2025-05-01 --to 2025-07-01
    """
    settings = load_settings(OF_LOGGING | {"dry_run_wallet"})
    first, last = read_period(start, end)
    chosen = _names(pairs)
    searched = _words(spaces) or SPACES[:3]
    _check(timeframe, chosen, searched, loss)

    from services.common.runtime.logging import configure_logging
    from services.research.backtest.plan import Plan
    from services.research.walk_forward.fitting import Search
    from services.research.walk_forward.report import walk_forward_json
    from services.research.walk_forward.run import run_walk_forward

    configure_logging(settings.changed(log_level="WARNING"), "walk-forward")
    assert first is not None  # noqa: S101 - the options are required
    assert last is not None  # noqa: S101 - as above
    plan = Plan(
        candles=candles,
        sentiment=sentiment,
        timeframe=timeframe,
        start=first,
        end=last,
        pairs=chosen,
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
        print(json.dumps(answer, allow_nan=False))
        return
    _show(answer, answer_console())


def _words(given: list[str] | None) -> tuple[str, ...]:
    return tuple(word for text in given or () for word in text.replace(",", " ").split())


def _names(pairs: list[str] | None) -> tuple[str, ...]:
    return tuple(sorted(set(_words(pairs))))


def _check(timeframe: str, pairs: tuple[str, ...], spaces: tuple[str, ...], loss: str) -> None:
    try:
        check_timeframe(timeframe)
        for pair in pairs:
            check_pair(pair)
    except ValueError as error:
        raise StopProgram(f"{error}") from error
    if unknown := sorted(set(spaces) - set(SPACES)):
        raise StopProgram(f"--spaces {', '.join(unknown)}: expected some of {', '.join(SPACES)}")
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", loss):
        raise StopProgram(
            f"--loss {loss!r} is no class of Freqtrade's; expected one such as SharpeHyperOptLossDaily"
        )


def _show(answer: dict[str, Any], console: Console) -> None:
    table = Table(
        "test",
        title=f"Out of sample: fitted on {answer['fit_days']:g} days, tested on the next {answer['test_days']:g}",
        title_justify="left",
        box=SIMPLE_HEAD,
    )
    for name in ("trades", "profit", "drawdown", "unfitted trades", "profit", "drawdown"):
        table.add_column(name, justify="right")
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
