"""`cryptoboy evaluate`: measures how well the scores agree with labels."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from services.cli.support import options
from services.cli.support.answers import answer_console, page_file, print_json
from services.cli.support.extras import needs
from services.cli.support.progress import progress_of
from services.cli.support.reports import write_report
from services.common.errors import StopProgram
from services.common.settings.settings import Fallback, ScorerKind
from services.operations.scoring.connection import answering_scorer

_FEWEST_RESAMPLES = 100


def evaluate(
    scorers: Annotated[
        list[ScorerKind] | None,
        typer.Option("--scorer", help="Scorer to measure; may be repeated. Default: that of `up`."),
    ] = None,
    labelled: Annotated[
        list[Path] | None,
        typer.Option(help="CSV with columns label (positive, neutral, negative) and text; may be repeated."),
    ] = None,
    cases: Annotated[
        list[str] | None,
        typer.Option("--case", help="Only this case of our own; may be repeated; none: no case."),
    ] = None,
    sample: Annotated[
        int | None, typer.Option(min=1, help="Only so many texts of each file, for a slow scorer.")
    ] = None,
    resamples: Annotated[
        int, typer.Option(min=_FEWEST_RESAMPLES, help="Resamples behind the intervals.")
    ] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed repeats every figure but speed.")] = 1,
    html: Annotated[Path | None, typer.Option(help="Also write charts to this file.")] = None,
    json_output: Annotated[
        bool, typer.Option("--json", help="Print one JSON list for programs as the last line.")
    ] = False,
) -> None:
    """Measure scorers, two baselines (always neutral, plain VADER) and the asset matcher against labelled texts.

    The classes are those of the product: a score beyond +-0.3 is positive or negative. An abstention counts as an
    error.

    Example: ./cryptoboy evaluate --scorer lexicon --labelled headlines.csv --html evaluation.html
    """
    page_file(html)
    if html is not None and not labelled:
        raise StopProgram("--html draws labelled texts: give a file with --labelled")
    make_page = _import_charts() if html is not None else None

    from services.cli.views.evaluate import show_evaluation
    from services.research.evaluate.evaluation import Plan
    from services.research.evaluate.evaluation import evaluate as carry_out
    from services.research.evaluate.labelled import read_labelled
    from services.research.evaluate.report import evaluation_json

    # No fallback is used, because the figures must be those of the scorer that they name.
    settings = options.settings_for(uses=options.OF_SCORING).changed(sentiment_fallback=Fallback.WAIT)
    datasets = [read_labelled(path) for path in labelled or ()]
    plan = Plan(
        datasets=tuple(data.sample(sample, seed) if sample else data for data in datasets),
        cases=_chosen_cases(cases),
        resamples=resamples,
        seed=seed,
        at_once=settings.sentiment_concurrency,
    )
    with ExitStack() as stack:
        kinds = (scorers or [settings.sentiment_scorer]) if plan.needs_scorers else []
        built = [
            stack.enter_context(answering_scorer(settings.changed(sentiment_scorer=kind)))
            for kind in dict.fromkeys(kinds)
        ]
        report = stack.enter_context(progress_of("evaluating"))
        results, found = carry_out(plan, built, report)
    if html is not None and make_page is not None:
        write_report(html, "evaluation", make_page(results))
    if json_output:
        print_json(evaluation_json(results, found))
        return
    show_evaluation(results, found, answer_console())
    if html is not None:
        print(f"\nCharts: {html}")


def _import_charts() -> Callable[..., str]:
    """Import the charts before anything is measured, because only they need the extra for research."""
    with needs("research"):
        from services.research.evaluate.charts import evaluation_page
    return evaluation_page


def _chosen_cases(names: list[str] | None) -> tuple[str, ...]:
    from services.research.evaluate.cases.catalogue import CASES

    if names == ["none"]:
        return ()
    unknown = [name for name in names or () if name not in CASES]
    if unknown:
        raise StopProgram(
            f"--case {unknown[0]}: there is no such case; there are {', '.join(CASES)} and none"
        )
    return tuple(names or CASES)
