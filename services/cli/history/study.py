"""`cryptoboy history study`: measures how prices changed after signals."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.cli.support import options
from services.cli.support.answers import answer_console, page_file, print_json
from services.cli.support.progress import progress_of
from services.cli.support.recorded import with_recorded
from services.cli.support.reports import write_report
from services.common.values import Scope

_FEWEST = 2


def study(
    candles: Annotated[Path, options.CANDLES],
    sentiment: Annotated[Path, options.SENTIMENT],
    timeframe: Annotated[
        str | None,
        typer.Option(
            help="Candles to measure with. Default: those that cover the largest number of signals."
        ),
    ] = None,
    pairs: Annotated[
        list[str] | None,
        typer.Option(
            "--pairs", "-p", help="Such as BTC/USDT,ETH/USDT. Default: all with candles and signals."
        ),
    ] = None,
    start: options.From = None,
    end: options.To = None,
    scope: Annotated[
        Scope | None, typer.Option(help="Only signals about the asset, or only about the market.")
    ] = None,
    degraded: Annotated[
        bool,
        typer.Option(
            "--degraded/--no-degraded",
            help="With or without signals of a fallback scorer, of suspected articles and of sources of weight 0.",
        ),
    ] = True,
    min_events: Annotated[
        int, typer.Option(min=_FEWEST, help="Cells with fewer events have a count and no figures.")
    ] = 30,
    resamples: Annotated[int, typer.Option(min=100, help="Resamples behind the intervals.")] = 500,
    seed: Annotated[int, options.SEED] = 1,
    html: Annotated[Path | None, typer.Option(help="Also write charts and tables to this file.")] = None,
    json_output: options.Json = False,
) -> None:
    """Measure returns after signals by label, pair and source, and how they decrease with delay.

    Example: ./cryptoboy history study --candles candles --sentiment sentiment.csv --html study.html
    """
    first, last = options.read_period(start, end)
    chosen = tuple(sorted(options.read_pairs(pairs)))
    timeframe = timeframe and options.read_timeframe(timeframe)
    page_file(html)
    candles, sentiment = with_recorded(candles, sentiment)

    from services.research.study.conclusions import all_tests
    from services.research.study.events import Selection
    from services.research.study.inputs import read_candles_for, read_signals
    from services.research.study.report import study_json
    from services.research.study.study import run_study

    with progress_of("event study") as show:
        signals = read_signals(sentiment)
        result = run_study(
            signals,
            read_candles_for(signals, candles, timeframe, chosen),
            Selection(chosen, first, last, scope and scope.value, degraded),
            resamples=resamples,
            seed=seed,
            min_events=min_events,
            progress=show,
        )
    tests = all_tests(result)
    found = study_json(result, tests)
    if html is not None:
        from services.research.study.page import study_page

        write_report(html, "study", study_page(result, tests))
    if json_output:
        print_json(found)
        return

    from services.cli.views.study import show_study

    show_study(found, answer_console())
    if html is not None:
        print(f"\nCharts: {html}")
