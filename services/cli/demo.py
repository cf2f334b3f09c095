"""`cryptoboy demo`: runs the whole pipeline on a replayed exchange, with the real Freqtrade in dry-run."""

from __future__ import annotations

import math
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from services.cli.support import options
from services.cli.support.answers import print_json, say
from services.common.errors import StopProgram
from services.common.freqtrade_variables import refuse_variables_about_money
from services.common.settings.settings import BrokerKind, ScorerKind, Settings
from services.common.settings.trading import TradingSettings
from services.demo.folder import DemoFailed, demo_folder
from services.operations.scoring.connection import answering_scorer

_USED = frozenset(Settings.model_fields) - frozenset(TradingSettings.model_fields)
"""The settings that the demo uses; the fields of trading are not among them, because the demo's plan sets them."""


def demo(
    json_output: options.Json = False,
    broker: options.Broker = BrokerKind.EMBEDDED,
    news: Annotated[
        Path | None,
        typer.Option(help="Replay this archive (CSV or CSV.GZ: published, source, title, text, url)."),
    ] = None,
    candles: Annotated[
        Path | None, typer.Option(help="Folder of Freqtrade feather candles for --news.")
    ] = None,
    start: Annotated[
        str | None, typer.Option(help="Where in the archive to begin, such as 2025-05-03T00:00:00Z.")
    ] = None,
    scorer: Annotated[
        ScorerKind, typer.Option(help="The scorer: lexicon (a baseline) or ollama.")
    ] = ScorerKind.LEXICON,
    speed: Annotated[
        float | None,
        typer.Option(help="Replayed seconds per real second; 1 is real time. Default: 10, archives faster."),
    ] = None,
    time_limit: Annotated[
        float | None,
        typer.Option(
            help="Real seconds from its start after which it ends, but not before Freqtrade is ready."
        ),
    ] = None,
    run_dir: Annotated[
        Path | None, typer.Option(help="A new folder that keeps the logs and the data of the run.")
    ] = None,
) -> None:
    """Watch news become a trade in the real Freqtrade (dry-run), without a network and without servers.

    Runs a replayed exchange, local feeds with headlines written for the demo, the four services, and
    `freqtrade trade`. The demo ends by itself when a trade that news had opened has closed. At a terminal its page then
    stays until Ctrl-C, unless --json is given; with --run-dir the command that shows it again is printed.

    Example: ./cryptoboy demo --json
    """
    from services.cli.views.demo import summary_text, watching
    from services.demo.afterwards import command_afterwards, show_until_stopped
    from services.demo.plan import archive_plan, sample_plan
    from services.demo.run import DemoRun
    from services.launch.freqtrade.trading_mode import beside_the_settings

    refuse_variables_about_money(os.environ)
    settings = options.load_settings(_USED).changed(broker=broker, sentiment_scorer=scorer)
    _check_above_zero("--speed", speed)
    _check_above_zero("--time-limit", time_limit)
    if (news is None) != (candles is None):
        raise StopProgram("--news and --candles belong together: articles and the candles of the same time")
    if news is not None and candles is not None:
        plan = archive_plan(news, candles, speed, time_limit, options.read_instant("--start", start))
    else:
        plan = sample_plan(speed, time_limit)
    with answering_scorer(settings):  # otherwise the processor would wait for an unreachable model server
        pass
    from services.demo.summary import as_json, verdict

    at_terminal = not json_output and sys.stdout.isatty()
    with demo_folder(run_dir, say) as folder:
        with watching(plan, live=at_terminal) as (tell, show):
            for line in beside_the_settings(os.environ):
                tell(line)
            run = DemoRun(plan, settings, folder, tell)
            result = run.play(show)
        problem = verdict(plan, result)
        if json_output:
            print_json(as_json(plan, result, problem))
        else:
            print(summary_text(plan, result, problem))
        if at_terminal and problem is None:
            show_until_stopped(plan, run.settings, folder, say)
        if run_dir is not None:
            say(f"its page again: {command_afterwards(plan, run.settings, folder)}")
        elif not at_terminal:
            say("its page ended with it; a demo with --run-dir DIR leaves it for later")
        if problem:
            raise DemoFailed(problem)


def _check_above_zero(option: str, value: float | None) -> None:
    if value is not None and not 0 < value < math.inf:  # the comparison is false for NaN
        raise StopProgram(f"{option} {value:g} makes no sense; give a number above 0")
