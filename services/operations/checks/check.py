"""The question and the result of a check of `doctor`; any exception becomes a result."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from services.common.errors import CryptoBoyError, StopProgram
from services.common.secrets.redaction import Redact


class CannotJudgeError(Exception):
    """A check cannot be made where it was asked for, which says nothing about the part.

    Attributes:
        instead: where to see the result, or how to make the check possible.
    """

    def __init__(self, found: str, instead: str) -> None:
        super().__init__(found)
        self.instead = instead


_LONGEST = 1_000
"""The maximum number of characters of a result; the error message of a library may be pages long."""


@dataclass(frozen=True, slots=True)
class Check:
    """The result of a check.

    `failed` means that the system cannot work, `warning` that it is limited, and `unknown` that the check cannot be
    made here; `remedy` then says where to see the result.
    """

    name: str
    state: Literal["ok", "warning", "failed", "unknown"]
    found: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """One check to make: `ask` returns what was found, or raises an error that says what is wrong."""

    name: str
    ask: Callable[[], str]
    remedy: str
    required: bool = True


@contextmanager
def installed(extra: str, *, required: bool) -> Iterator[None]:
    """Import packages of an extra that may be missing, because the system's programs may be installed elsewhere.

    Raises:
        StopProgram: a package is missing, and `required` says that the system cannot work without it.
        CannotJudgeError: a package is missing, and it is not required.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        found = f"cannot be checked: this installation lacks {error.name}, which the extra {extra!r} brings"
        step = f"./cryptoboy {extra} --help installs it in a checkout"
        if required:
            raise StopProgram(f"{found}; {step}") from None
        raise CannotJudgeError(found, step) from None


def run_check(question: Question, redact: Redact = str) -> Check:
    """Make a check, and turn any exception into a result. `redact` removes secrets that libraries quote."""
    try:
        return Check(question.name, "ok", redact(question.ask()))
    except CannotJudgeError as error:
        return Check(question.name, "unknown", str(error), error.instead)
    except CryptoBoyError as error:
        found = str(error)
    except Exception as error:  # noqa: BLE001 - a library may fail in any way; that is a finding, not a crash
        found = f"{type(error).__name__}: {error}"
    state: Literal["warning", "failed"] = "failed" if question.required else "warning"
    return Check(question.name, state, redact(found)[:_LONGEST], question.remedy)


def run_checks(questions: Sequence[Question], redact: Redact) -> list[Check]:
    """Make all checks at the same time; the results are in the order of the questions.

    This takes at most as long as the longest timeout of a check.
    """
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
