"""`cryptoboy offline`: runs a command of Freqtrade without the internet, on recorded candles."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.support import options
from services.cli.support.answers import say
from services.common.errors import StopProgram

if TYPE_CHECKING:
    from services.launch.offline.freqtrade_call import FreqtradeCall

WORDS = {"allow_interspersed_args": False}
"""The context settings of this command: all that follows `freqtrade` belongs to Freqtrade."""


def offline(
    command: Annotated[
        list[str] | None,
        typer.Argument(metavar="-- freqtrade COMMAND ...", help="The command with its options."),
    ] = None,
    candles: Annotated[
        Path | None,
        typer.Option(
            help="Folder with files such as BTC_USDT-1h.feather (also json, json.gz, parquet, csv).",
            show_default=False,
        ),
    ] = None,
    pairs: Annotated[
        list[str] | None,
        typer.Option(
            "--pairs", help="Replay only these pairs. Default: all of the folder.", show_default=False
        ),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option(
            help="trade: where in the candles the bot begins. Default: the middle.", show_default=False
        ),
    ] = None,
    end: Annotated[
        str | None,
        typer.Option(help="trade: where it ends. Default: the end of the candles.", show_default=False),
    ] = None,
    speed: Annotated[
        float | None,
        typer.Option(help="trade: replayed seconds per real second. Default: 1.", show_default=False),
    ] = None,
    faults: Annotated[
        str | None,
        typer.Option(
            help="trade: faults of the exchange. latency=0.5 (seconds for each answer), drops=60 (seconds until "
            "websockets are cut), gaps=10m/2h (missing candles); several with commas.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Run any command of Freqtrade, with any strategy, on the candles of a folder; without the internet and accounts.

    A local exchange replays the candles. `freqtrade trade` runs as a dry run and ends with the candles. Your
    configuration and your arguments stay as they are; an exchange in it is replaced. The exit status is Freqtrade's.

    Example: ./cryptoboy offline --candles user_data/data/binance -- freqtrade backtesting --strategy MyStrategy
    """
    from services.launch.offline.fault_option import read_faults
    from services.launch.offline.freqtrade_call import read_call
    from services.launch.offline.plan import OfflineOptions, make_plan
    from services.launch.offline.run import OfflineRun

    if candles is None:
        raise StopProgram(
            "say where the candles are: --candles DIR, with files such as DIR/BTC_USDT-1h.feather"
        )
    call = read_call(command or ())
    for_trade = {"--start": start, "--end": end, "--speed": speed, "--faults": faults}
    _refuse_for_others(call, [name for name, value in for_trade.items() if value is not None])
    if speed is not None and not 0 < speed < math.inf:  # the comparison is false for NaN
        raise StopProgram(f"--speed {speed:g} makes no sense; give a number above 0")
    plan = make_plan(
        OfflineOptions(
            candles,
            options.read_pairs(pairs),
            options.read_instant("--start", start),
            options.read_instant("--end", end),
            1.0 if speed is None else speed,
            read_faults(faults or ""),
        )
    )
    if call.trades:
        say(
            f"a dry run on the candles from {plan.start:%F %H:%M} to {plan.end:%F %H:%M} UTC, "
            f"{plan.options.speed:g} times as fast as real time"
            + ("" if plan.as_recorded else "; the candles are moved to the present")
        )
    if status := OfflineRun(plan, call, say).run():
        raise typer.Exit(status)


def _refuse_for_others(call: FreqtradeCall, given: list[str]) -> None:
    if given and not call.trades:
        raise StopProgram(f"{', '.join(given)} is for freqtrade trade alone; leave it out for {call.command}")
