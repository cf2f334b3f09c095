"""`cryptoboy history study`: what prices did after signals."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from services.cli.options import Json
from services.cli.period import From, To, read_period
from services.common.errors import StopProgram
from services.common.values import Scope, check_pair, check_timeframe

if TYPE_CHECKING:
    from services.research.study.study import Progress as Report

_FEWEST = 2


def study(
    candles: Annotated[Path, typer.Option(help="Directory with candles such as BTC_USDT-1h.feather.")],
    sentiment: Annotated[Path, typer.Option(help="The sentiment CSV, as from `history score`.")],
    timeframe: Annotated[
        str | None, typer.Option(help="Candles to measure with; else those that cover most signals.")
    ] = None,
    pairs: Annotated[
        list[str] | None, typer.Option("--pair", help="Study this pair only; may be repeated.")
    ] = None,
    start: From = None,
    end: To = None,
    scope: Annotated[
        Scope | None, typer.Option(help="Only signals about the asset, or only about the market.")
    ] = None,
    degraded: Annotated[
        bool, typer.Option("--degraded/--no-degraded", help="With or without a fallback scorer's signals.")
    ] = True,
    min_events: Annotated[
        int, typer.Option(min=_FEWEST, help="Cells with fewer events have a count and no figures.")
    ] = 30,
    resamples: Annotated[int, typer.Option(min=100, help="Resamples behind the intervals.")] = 500,
    seed: Annotated[int, typer.Option(min=0, help="The same seed repeats every figure.")] = 1,
    html: Annotated[Path | None, typer.Option(help="Also write charts and tables to this file.")] = None,
    json_output: Json = False,
) -> None:
    """Measure returns after signals by label, pair and source, and how they fade with delay.

    Example: ./cryptoboy history study --candles candles --sentiment sentiment.csv --html study.html
    """
    first, last = read_period(start, end)
    chosen = _checked(timeframe, pairs)
    if html is not None and not html.parent.is_dir():
        raise StopProgram(f"--html {html}: there is no directory {html.parent}; make it first")

    from services.research.study.conclusions import judge
    from services.research.study.events import Selection
    from services.research.study.inputs import read_candles_for, read_signals
    from services.research.study.report import study_json
    from services.research.study.study import run_study

    with _progress() as report:
        report(0, 1, "reading signals and candles")
        signals = read_signals(sentiment)
        result = run_study(
            signals,
            read_candles_for(signals, candles, timeframe, chosen),
            Selection(chosen, first, last, scope and scope.value, degraded),
            resamples=resamples,
            seed=seed,
            min_events=min_events,
            progress=report,
        )
    tests = judge(result)
    found = study_json(result, tests)
    if html is not None:
        from services.research.study.page import study_page

        _write_whole(html, study_page(result, tests))
    if json_output:
        print(json.dumps(found, allow_nan=False))
        return

    from services.cli.study_view import show_study

    show_study(found, Console())
    if html is not None:
        print(f"\nCharts: {html}")


def _checked(timeframe: str | None, pairs: list[str] | None) -> tuple[str, ...]:
    try:
        if timeframe is not None:
            check_timeframe(timeframe)
        return tuple(sorted({check_pair(pair) for pair in pairs or ()}))
    except ValueError as error:
        raise StopProgram(f"{error}") from error


@contextmanager
def _progress() -> Iterator[Report]:
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        task = bar.add_task("", total=1)
        yield lambda done, total, name: bar.update(task, completed=done, total=total, description=name)


def _write_whole(path: Path, text: str) -> None:
    """Write to a name beside it first: a page cut off in the middle must not look like one."""
    draft = path.with_name(f".{path.name}.part")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        raise StopProgram(f"--html {path} cannot be written: {error}") from error
    finally:
        draft.unlink(missing_ok=True)
