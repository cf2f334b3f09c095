"""`cryptoboy strategy`: brings news into a Freqtrade strategy of the user's own."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from services.cli.support.answers import print_json, say
from services.cli.support.options import OF_STORE, Json, read_pairs, settings_for
from services.cli.views.strategy import show_installed, show_report
from services.common.store.redis.client import block_line, block_of
from services.operations.strategies.check import check_strategy
from services.operations.strategies.install import install as install_package

strategy_app = typer.Typer(help="News in a Freqtrade strategy of your own.", no_args_is_help=True)

UserData = Annotated[
    Path, typer.Option("--user-data", help="Freqtrade's user directory, such as ft_userdata/user_data.")
]


@strategy_app.command("install")
def install(
    user_data: UserData,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace a copy that was changed, or copied, by hand.")
    ] = False,
    json_output: Json = False,
) -> None:
    """Copy the package `cryptoboy_sentiment` into a user directory of Freqtrade, or bring the copy there up to date.

    Strategies are not changed: the two lines to change, and the block for the configuration, are shown.

    Example: ./cryptoboy strategy install --user-data ft_userdata/user_data
    """
    found = install_package(user_data, replace=replace)
    settings = settings_for(uses=OF_STORE)
    if json_output:
        print_json({**asdict(found), "configuration": {"cryptoboy": block_of(settings)}})
    else:
        show_installed(found, user_data, block_line(settings))


@strategy_app.command("check")
def check(
    user_data: UserData,
    strategy: Annotated[str, typer.Option("--strategy", help="The name of the class.")],
    config: Annotated[
        list[Path] | None,
        typer.Option(
            "--config", help="Freqtrade's configuration; default: config.json in the user directory."
        ),
    ] = None,
    pairs: Annotated[
        list[str] | None,
        typer.Option("--pairs", "-p", help="Such as BTC/USDT; default: the configuration's."),
    ] = None,
    freqtrade: Annotated[
        Path | None,
        typer.Option("--freqtrade", help="The bot's program freqtrade; default: that of the PATH, or ours."),
    ] = None,
    json_output: Json = False,
) -> None:
    """Check whether Freqtrade loads a strategy with news, which pairs are scored, and what the last day's news did.

    Nothing is traded, and no exchange is asked. The exit status is 0 only if no check failed.

    Example: ./cryptoboy strategy check --user-data ft_userdata/user_data --strategy MyStrategy
    """
    say("Freqtrade loads the strategy; this takes some seconds")
    report = check_strategy(
        user_data,
        strategy,
        block_line(settings_for(uses=OF_STORE)),
        config=config or (),
        pairs=read_pairs(pairs),
        freqtrade=freqtrade,
    )
    if json_output:
        print_json({"ok": report.ok, **asdict(report)})
    else:
        show_report(report)
    raise typer.Exit(0 if report.ok else 1)
