"""One check of `doctor`: a question about one thing, and the finding that it ends in, whatever happens."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from services.common.errors import CryptoBoyError
from services.common.secrets.redaction import Redact

_LONGEST = 1_000
"""Characters of a finding; a library's error may be a whole page."""


@dataclass(frozen=True, slots=True)
class Check:
    """What was found. `failed` keeps the system from working, a `warning` only limits it."""

    name: str
    state: Literal["ok", "warning", "failed"]
    found: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """One check to make: `ask` returns what was found or raises what is wrong."""

    name: str
    ask: Callable[[], str]
    remedy: str
    required: bool = True


def run_check(question: Question, redact: Redact = str) -> Check:
    """Ask, and turn whatever happens into a finding, from which `redact` takes what libraries quote of secrets."""
    try:
        return Check(question.name, "ok", redact(question.ask()))
    except CryptoBoyError as error:
        found = str(error)
    except Exception as error:  # noqa: BLE001 - a library may fail in any way; that is a finding, not a crash
        found = f"{type(error).__name__}: {error}"
    state: Literal["warning", "failed"] = "failed" if question.required else "warning"
    return Check(question.name, state, redact(found)[:_LONGEST], question.remedy)


def run_checks(questions: Sequence[Question], redact: Redact) -> list[Check]:
    """Ask all at once; the findings in the order of the questions. May take as long as the longest timeout."""
    findings: dict[int, Check] = {}

    def ask(number: int) -> None:
        findings[number] = run_check(questions[number], redact)

    # Daemons: Ctrl-C need not wait until the last of them has had its answer or its timeout.
    threads = [threading.Thread(target=ask, args=(n,), daemon=True) for n in range(len(questions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [findings[number] for number in range(len(questions))]
