"""Adds the commands of devtools/. Only a checkout contains this folder, so each command is imported by its name."""

from __future__ import annotations

import importlib
from typing import Any

import typer

from services.common.errors import StopProgram

ANY_ARGUMENTS = {"allow_extra_args": True, "ignore_unknown_options": True}
"""The context settings of a command that passes its arguments on."""


def add_checkout_command(app: typer.Typer, name: str, **options: Any) -> None:  # noqa: ANN401 - of `app.command`
    """Add the command `devtools.commands.NAME`; if that module is missing, add a command that says so."""
    try:
        module = importlib.import_module(f"devtools.commands.{name}")
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("devtools"):  # only a library is missing
            raise
        _add_refusal(app, name)
    else:
        app.command(name, **options)(getattr(module, name))


def _add_refusal(app: typer.Typer, name: str) -> None:
    def refuse() -> None:
        raise StopProgram(
            f"{name} runs only in a checkout of the project: this installation has no devtools/, as no image has it"
        )

    app.command(name, context_settings=ANY_ARGUMENTS, help="Only in a checkout of the project.")(refuse)
