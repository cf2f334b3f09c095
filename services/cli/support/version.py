"""The option `--version`."""

from __future__ import annotations

from typing import Annotated

import typer

from services import __version__


def _show(asked: bool) -> None:
    if asked:
        print(f"cryptoboy {__version__}")
        raise typer.Exit


Version = Annotated[bool, typer.Option("--version", callback=_show, is_eager=True, help="Show the version.")]
