"""The commands, and what an error looks like to a person."""

from __future__ import annotations

import os
import sys

import typer

from services.cli import (
    backtest,
    control,
    demo,
    deploy,
    doctor,
    evaluate,
    queues,
    run_tests,
    score,
    secret_files,
    sentiment,
    trade,
    up,
    walk_forward,
)
from services.cli.checkout import add_checkout_command
from services.cli.history import app as history
from services.common.errors import CryptoBoyError, StopProgram
from services.common.network.proxies import shield_loopback
from services.common.runtime.logging import configure_logging
from services.common.secrets.private import keep_private
from services.common.secrets.redaction import redact_errors
from services.common.secrets.secret_texts import secrets_given
from services.common.settings.settings import Settings
from services.common.text.clean_output import clean_output

app = typer.Typer(
    name="cryptoboy",
    help="News sentiment for Freqtrade. Begin with: ./cryptoboy demo",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(demo.demo)
app.command("up")(up.up)
app.command("trade")(trade.trade)
app.command("test", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(
    run_tests.run_tests
)
app.command("doctor")(doctor.doctor)
app.command("score")(score.score)
app.command("sentiment")(sentiment.sentiment)
app.command("evaluate")(evaluate.evaluate)
app.add_typer(history.history_app, name="history")
app.command("backtest")(backtest.backtest)
app.command("walk-forward")(walk_forward.walk_forward)
add_checkout_command(app, "bench")
app.add_typer(queues.queues_app, name="queues")
app.add_typer(secret_files.secrets_app, name="secrets")
app.add_typer(deploy.deploy_app, name="deploy")
app.command("pause")(control.pause)
app.command("resume")(control.resume)


def main() -> None:
    """Run the command line. Exit status: 0 success, 1 not, 78 a person must change something, 130 Ctrl-C.

    What ends it early is for whoever calls this to tell: see `ending`.
    """
    keep_private()
    shield_loopback(os.environ)
    redact_errors(secrets_given(os.environ))
    clean_output()
    # What a command prints is its answer, for programs too; the log goes elsewhere, and errors are told below.
    configure_logging(Settings(log_level="ERROR"), "cryptoboy")
    try:
        app(prog_name="./cryptoboy")
    except CryptoBoyError as error:
        sys.stderr.write(f"cryptoboy: {error}\n")
        sys.exit(78 if isinstance(error, StopProgram) else 1)
