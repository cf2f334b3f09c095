"""`cryptoboy strategy`: brings news into a Freqtrade strategy of the user's own."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from services.cli.support.answers import print_json
from services.cli.support.options import OF_STORE, Json, settings_for
from services.cli.views.strategy import show_installed
from services.common.store.redis.client import source_of
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
    block = {"source": source_of(settings_for(uses=OF_STORE)), "use": ["veto"]}
    if json_output:
        print_json({**asdict(found), "configuration": {"cryptoboy": block}})
    else:
        show_installed(found, user_data, block)
