"""How a developer's tool of `scripts/` is run: one command, and errors as the command line tells them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import typer

from services.common.errors import CryptoBoyError, StopProgram
from services.common.network.proxies import shield_loopback
from services.common.runtime.logging import configure_logging
from services.common.secrets.private import keep_private
from services.common.secrets.redaction import redact_errors
from services.common.secrets.secret_texts import secrets_given
from services.common.settings.settings import Settings
from services.common.text.clean_output import clean_output
from services.launch.ending import end_as_by_ctrl_c, tells_when_stopped


def run_tool(command: Callable[..., None], name: str) -> None:
    """Run it with the arguments of this process. Exit status as of `./cryptoboy`."""
    keep_private()
    shield_loopback(os.environ)
    redact_errors(secrets_given(os.environ))
    clean_output()
    app = typer.Typer(
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.command()(command)
    configure_logging(Settings(log_level="ERROR"), name)
    end_as_by_ctrl_c()
    with tells_when_stopped(name):
        try:
            app(prog_name=name)
        except CryptoBoyError as error:
            sys.stderr.write(f"{name}: {error}\n")
            sys.exit(78 if isinstance(error, StopProgram) else 1)
