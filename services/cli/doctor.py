"""`cryptoboy doctor`: checks each thing the system needs, and says how to mend what is wrong."""

from __future__ import annotations

import json
import sys
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from textwrap import TextWrapper

import typer
from rich.text import Text

from services.cli.support.answers import answer_console
from services.cli.support.options import Broker, Json, choose_parts
from services.common.errors import StopProgram
from services.common.secrets.redaction import redactor
from services.common.secrets.secret_texts import secrets_of
from services.common.settings.settings import Settings
from services.operations.checks.checks import Check, all_checks, run_check

_STYLES = {"ok": "green", "warning": "yellow", "failed": "bold red"}
# Where a terminal is narrower than this beside the names, its own wrapping does less harm.
_NARROWEST = 40


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
        if settings.unusable:
            lines = "\n".join(mistake.line for mistake in settings.unusable)
            findings = [Check("configuration", "warning", lines, "correct these, or unset them")]
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

    redact = redactor(secrets_of(settings))

    def examine(number: int) -> None:
        findings[number] = run_check(checks[number], redact)

    # Daemons: Ctrl-C need not wait until the last of them has had its answer or its timeout.
    threads = [threading.Thread(target=examine, args=(n,), daemon=True) for n in range(len(checks))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [findings[number] for number in range(len(checks))]


def _print(findings: list[Check]) -> None:
    console = answer_console()
    for line in lines_of(findings, console.width):
        console.print(line, soft_wrap=True)
    counts = Counter[str](finding.state for finding in findings)
    console.print(", ".join(f"{counts[state]} {state}" for state in _STYLES))


def lines_of(findings: Sequence[Check], width: int) -> list[Text]:
    """The findings as lines of at most `width` characters, but for words and paths, which are never broken.

    A remedy that several findings share stands once, after the last of them.
    """
    states = max(len(finding.state) for finding in findings)
    names = max(len(finding.name) for finding in findings)
    indent = " " * (states + names + 4)
    wrapper = TextWrapper(
        max(width, len(indent) + _NARROWEST),
        break_long_words=False,
        break_on_hyphens=False,
        initial_indent=indent,
        subsequent_indent=indent,
    )
    last = {finding.remedy: number for number, finding in enumerate(findings)}
    shared = Counter(finding.remedy for finding in findings)
    lines = []
    for number, finding in enumerate(findings):
        found = [line for part in finding.found.splitlines() for line in wrapper.wrap(part)]
        head = Text(f"{finding.state:<{states}}  ", style=_STYLES[finding.state])
        head.append(f"{finding.name:<{names}}  ", style="default")
        head.append("".join(found[:1]).strip(), style="default")
        lines += [head, *(Text(line) for line in found[1:])]
        if finding.remedy and last[finding.remedy] == number:
            mends = "to mend it" if shared[finding.remedy] == 1 else f"to mend these {shared[finding.remedy]}"
            lines += [Text(line, style="italic") for line in wrapper.wrap(f"{mends}: {finding.remedy}")]
    return lines
