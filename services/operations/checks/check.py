"""A check of `doctor`: a question, and its result, whatever happens."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from services.common.errors import CryptoBoyError
from services.common.secrets.redaction import Redact

_LONGEST = 1_000
"""The most characters of a result, because the error of a library may be pages long."""


@dataclass(frozen=True, slots=True)
class Check:
    """The result of a check. With `failed` the system cannot work, with `warning` it is only limited."""

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
    """Ask, and turn any exception into a result. `redact` removes secrets that libraries quote."""
    try:
        return Check(question.name, "ok", redact(question.ask()))
    except CryptoBoyError as error:
        found = str(error)
    except Exception as error:  # noqa: BLE001 - a library may fail in any way; that is a finding, not a crash
        found = f"{type(error).__name__}: {error}"
    state: Literal["warning", "failed"] = "failed" if question.required else "warning"
    return Check(question.name, state, redact(found)[:_LONGEST], question.remedy)


def run_checks(questions: Sequence[Question], redact: Redact) -> list[Check]:
    """Ask all at once; the results are in the order of the questions. It takes up to the longest timeout."""
    findings: dict[int, Check] = {}

    def ask(number: int) -> None:
        findings[number] = run_check(questions[number], redact)

    # Daemon threads, so that Ctrl-C does not wait for the last answer or timeout.
    threads = [threading.Thread(target=ask, args=(n,), daemon=True) for n in range(len(questions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [findings[number] for number in range(len(questions))]
