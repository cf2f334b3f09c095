"""Runs a command line: sets up its streams and its log, and shows errors."""

from __future__ import annotations

import inspect
import os
import sys
from typing import Any

import typer

from services.cli.support.answers import as_typed
from services.common.errors import CryptoBoyError, StopProgram
from services.common.network.proxies import shield_loopback
from services.common.runtime.logging import configure_logging
from services.common.secrets.private import keep_private
from services.common.secrets.redaction import redact_errors
from services.common.secrets.secret_texts import secrets_given
from services.common.settings.settings import Settings
from services.common.text.clean_output import clean_output


def new_app(**more: Any) -> typer.Typer:  # noqa: ANN401 - passed on
    """A typer application without typer's own formatting of help and errors."""
    return typer.Typer(
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        **more,
    )


def run_app(app: typer.Typer, name: str, program: str) -> None:
    """Run the application with the arguments of this process.

    Exit status: 0 for success, 1 for a failure, 78 if a person must change something, 130 after Ctrl-C. The caller
    reports Ctrl-C: see `services.launch.ending`.

    Args:
        app: the application with its commands.
        name: the program's name in the log and before an error.
        program: the command that users type.
    """
    keep_private()
    shield_loopback(os.environ)
    redact_errors(secrets_given(os.environ))
    clean_output()
    # Standard output carries only the answer, which programs may read; the log and errors go to standard error.
    configure_logging(Settings(log_level="ERROR"), name)
    name_commands_as_typed(app)
    try:
        app(prog_name=program)
    except CryptoBoyError as error:
        sys.stderr.write(f"{name}: {as_typed(str(error))}\n")
        sys.exit(78 if isinstance(error, StopProgram) else 1)


def name_commands_as_typed(app: typer.Typer) -> None:
    """Replace the script of the checkout in the help of all commands; see `as_typed`."""
    for command in app.registered_commands:
        command.help = as_typed(command.help or inspect.getdoc(command.callback) or "")
    for group in app.registered_groups:
        if group.typer_instance is not None:
            name_commands_as_typed(group.typer_instance)
