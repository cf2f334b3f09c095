"""Runs what the operating guide says to type, in the folder of a system, as an operator does in his shell."""

from __future__ import annotations

import re
import sys

from tests.support.containers.engine import said
from tests.support.containers.stack import PRODUCTION, WORLD, Stack
from tests.support.docs.guide import typed, without_comment

_ALIAS = typed("alias compose='docker compose -f docker-compose.production.yml'")
_IN_THE_CONTAINER = r"\./cryptoboy (?=queues|sentiment|pause|resume|score|evaluate|doctor)"
"""Commands that ask the running system: "they run there as `compose run --rm operator queues`", says the guide."""
_ON_THE_MACHINE = r"\./cryptoboy "
_SECONDS = 300.0


def run(stack: Stack, text: str, *, check: bool = True, **placeholders: str) -> str:
    """What the lines print, both streams; the test fails at the first line that fails, if `check`.

    The Compose files are those of the stack, the world's included, instead of the production file alone. `./cryptoboy`
    runs with the packages of this test run, and installs none.

    Args:
        stack: the system, in whose folder the lines are run.
        text: what `typed` returned, or some of its lines.
        check: whether a line that fails fails the test.
        placeholders: what an operator puts in place of words such as ID or NAME.
    """
    for word, value in placeholders.items():
        assert re.search(rf"\b{word}\b", text), f"the guide has no {word} in {text!r}"
        text = re.sub(rf"\b{word}\b", value, text)
    text = re.sub(_IN_THE_CONTAINER, "compose run --rm operator ", text)
    text = re.sub(_ON_THE_MACHINE, f"{sys.executable} -P -m services.cli ", text)
    if "--build" in text or "compose build" in text:
        stack.build()
    script = f"shopt -s expand_aliases\n{_ALIAS}\n{text}\n".replace(f" -f {PRODUCTION}", "")
    environ = {
        **stack.environ,
        "COMPOSE_FILE": ":".join((*stack.files, WORLD)),
        "PYTHONPATH": stack.python_path,
    }
    return said(["bash", "-e", "-c", script], environ, check=check, seconds=_SECONDS, folder=stack.folder)


def line(text: str, containing: str) -> str:
    """The one line of a block that has these words, as it is typed."""
    (found,) = [each for each in text.splitlines() if containing in each]
    return without_comment(found)
