"""Commands of devtools/, which is in a checkout and in no image: found by name, so that nothing here imports it."""

from __future__ import annotations

import importlib
from typing import Any

import typer

from services.common.errors import StopProgram

ANY_ARGUMENTS = {"allow_extra_args": True, "ignore_unknown_options": True}
"""Of a command that passes its arguments on."""


def add_checkout_command(app: typer.Typer, name: str, **options: Any) -> None:  # noqa: ANN401 - of `app.command`
    """Add the command `devtools.commands.NAME`; where that is not there, one that says so."""
    try:
        module = importlib.import_module(f"devtools.commands.{name}")
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("devtools"):  # there, but without a library that it needs
            raise
        _add_refusal(app, name)
    else:
        app.command(name, **options)(getattr(module, name))


def _add_refusal(app: typer.Typer, name: str) -> None:
    def refuse() -> None:
        raise StopProgram(
            f"{name} runs in a checkout of the project only: this installation, such as the image, has no devtools/"
        )

    app.command(name, context_settings=ANY_ARGUMENTS, help="Only in a checkout of the project.")(refuse)
