"""Commands of devtools/, which is in a checkout and in no image: found by name, so that nothing here imports it."""

from __future__ import annotations

import importlib

import typer

from services.common.errors import StopProgram


def add_checkout_command(app: typer.Typer, name: str) -> None:
    """Add the command `devtools.commands.NAME`; where that is not there, one that says so."""
    try:
        module = importlib.import_module(f"devtools.commands.{name}")
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("devtools"):  # the command is there, and a library of it is not
            raise
        _add_refusal(app, name)
    else:
        app.command(name)(getattr(module, name))


def _add_refusal(app: typer.Typer, name: str) -> None:
    def refuse() -> None:
        raise StopProgram(
            f"{name} runs in a checkout of the project only: this installation, such as the image, has no devtools/"
        )

    any_arguments = {"allow_extra_args": True, "ignore_unknown_options": True}
    app.command(name, context_settings=any_arguments, help="Only in a checkout of the project.")(refuse)
