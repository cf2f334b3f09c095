"""`cryptoboy doctor`: checks each thing the system needs, and says how to mend what is wrong."""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.cli.checks import Check, all_checks, run_check
from services.cli.options import Broker, Json, choose_parts
from services.common.errors import StopProgram
from services.common.settings import Settings

_STYLES = {"ok": "green", "warning": "yellow", "failed": "bold red"}


def doctor(json_output: Json = False, broker: Broker = None) -> None:
    """Check Python, broker, Redis, scorer, exchange, feeds and Freqtrade's configuration.

    Checks what `up` would use. Exit status 0 only if nothing that is needed failed.

    Example: ./cryptoboy doctor
    """
    findings = [Check("configuration", "ok", "every variable is known and has an allowed value")]
    try:
        settings = choose_parts(Settings.load(), broker)
    except StopProgram as error:
        findings = [
            Check("configuration", "failed", str(error), "correct these in .env or in the environment")
        ]
    else:
        findings += _examine(settings)
    failed = [finding for finding in findings if finding.state == "failed"]
    if json_output:
        print(json.dumps({"ok": not failed, "checks": [asdict(finding) for finding in findings]}))
    else:
        _print(findings)
    raise typer.Exit(1 if failed else 0)


def _examine(settings: Settings) -> list[Check]:
    checks = all_checks(settings)
    sys.stderr.write(f"cryptoboy: {len(checks)} checks; those that need the network may take half a minute\n")
    with ThreadPoolExecutor(max_workers=8) as pool:
        return list(pool.map(run_check, checks))


def _print(findings: list[Check]) -> None:
    table = Table("what", "state", "found", "how to mend it", show_lines=True)
    for finding in findings:
        state = Text(finding.state, style=_STYLES[finding.state])
        table.add_row(finding.name, state, Text(finding.found), Text(finding.remedy))
    Console().print(table)
