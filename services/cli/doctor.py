"""`cryptoboy doctor`: checks everything that the system needs, and says how to correct each fault."""

from __future__ import annotations

import typer

from services.cli.support.answers import print_json, say
from services.cli.support.options import Broker, Json, choose_parts
from services.cli.views.doctor import show_checks
from services.common.secrets.redaction import redactor
from services.common.secrets.secret_texts import secrets_of
from services.common.settings.settings import Settings
from services.operations.checks.all import all_checks, check_configuration
from services.operations.checks.check import run_checks


def doctor(json_output: Json = False, broker: Broker = None) -> None:
    """Check Python, broker, Redis, scorer, exchange, feeds and Freqtrade's configuration.

    Checks what `up` would use. The exit status is 0 only if no required check failed. Parts that OUT_OF_REACH names,
    as in the operator's container, are `unknown`, with the command that shows their state.

    Example: ./cryptoboy doctor
    """
    configuration, settings = check_configuration(lambda: choose_parts(Settings.load(), broker))
    findings = [configuration]
    if settings is not None:
        questions = all_checks(settings)
        say(f"{len(questions)} checks; those that need the network may take half a minute")
        findings += run_checks(questions, redactor(secrets_of(settings)))
    ok = all(finding.state != "failed" for finding in findings)
    if json_output:
        print_json({"ok": ok, "checks": findings})
    else:
        show_checks(findings)
    raise typer.Exit(0 if ok else 1)
