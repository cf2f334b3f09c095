"""Calls commands of `./cryptoboy` in the process of the test: each process of their own would import for a second."""

from __future__ import annotations

import json
from typing import Any

from typer.testing import CliRunner, Result

from services.cli.app import app
from services.common.errors import CryptoBoyError
from services.common.runtime.logging import configure_logging
from services.common.settings.settings import Settings


def call(settings: Settings, *words: str) -> Result:
    """Call a command with these settings, and return what it prints. Its error is in the result, not raised."""
    configure_logging(Settings(log_level="ERROR"), "cryptoboy")  # else the log stands in the answer
    return CliRunner().invoke(app, words, env=settings.environment())


def printed(settings: Settings, *words: str) -> str:
    """Call a command that succeeds, and return its answer."""
    done = call(settings, *words)
    assert done.exit_code == 0, (done.exception, done.output)
    return done.stdout


def answer(settings: Settings, *words: str) -> Any:
    """Call a command that succeeds, and return its answer for programs."""
    return json.loads(printed(settings, *words, "--json").splitlines()[-1])


def refusal(settings: Settings, *words: str) -> str:
    """Call a command that fails before it answers, and return what it says."""
    done = call(settings, *words)
    assert isinstance(done.exception, CryptoBoyError), (done.exception, done.output)
    assert done.stdout == ""
    return str(done.exception)
