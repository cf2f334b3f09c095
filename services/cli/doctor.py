"""`cryptoboy doctor`: checks each thing the system needs, and says how to mend what is wrong."""

from __future__ import annotations

import json
import sys
import threading
from collections import Counter
from dataclasses import asdict

import typer
from rich.console import Console
from rich.table import Column, Table
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
    findings: dict[int, Check] = {}

    def examine(number: int) -> None:
        findings[number] = run_check(checks[number])

    # Daemons: Ctrl-C need not wait until the last of them has had its answer or its timeout.
    threads = [threading.Thread(target=examine, args=(n,), daemon=True) for n in range(len(checks))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [findings[number] for number in range(len(checks))]


def _print(findings: list[Check]) -> None:
    table = Table.grid(
        Column(no_wrap=True), Column(no_wrap=True), Column(overflow="fold"), padding=(0, 2, 0, 0)
    )
    for finding in findings:
        found = Text(finding.found)
        if finding.remedy:
            found.append(f"\nto mend it: {finding.remedy}", style="italic")
        table.add_row(Text(finding.state, style=_STYLES[finding.state]), Text(finding.name), found)
    console = Console()
    console.print(table)
    counts = Counter[str](finding.state for finding in findings)
    console.print(", ".join(f"{counts[state]} {state}" for state in _STYLES))
