"""`cryptoboy test`: installs the packages and servers that the tests need, then runs the tests."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from devtools.commands.packages import install_test_packages, install_test_servers
from services.common.settings.settings import PROJECT_ROOT

# The tests mostly wait, above all for servers, so two at the same time need few more resources.
ALL_AT_ONCE = ["--quiet", "--numprocesses=2", "--dist=worksteal", "--durations=15"]


_WITHOUT_SERVERS = [PROJECT_ROOT / "tests" / name for name in ("unit", "containers")]
_FOR_TESTS = ("CRYPTOBOY_VENV", "CRYPTOBOY_TEST_")


def need_servers(arguments: Sequence[str]) -> bool:
    """Whether these arguments may select tests that need RabbitMQ or Redis on this machine."""
    paths = [PROJECT_ROOT / text.partition("::")[0] for text in arguments if not text.startswith("-")]
    chosen = [path.resolve() for path in paths if path.exists()]  # other arguments are values of options
    return not chosen or not all(map(_needs_none, chosen))


def _needs_none(path: Path) -> bool:
    return any(path.is_relative_to(folder) for folder in _WITHOUT_SERVERS)


def test(
    context: typer.Context,
    only_install: Annotated[
        bool, typer.Option("--only-install", help="Install what the tests need, run none.")
    ] = False,  # noqa: PT028 - a command, not a test
) -> None:
    """Run all tests, two at a time, or the tests that the arguments select as they do for pytest.

    Example: ./cryptoboy test tests/unit -k labels
    """
    install_test_packages()
    if need_servers(context.args):
        install_test_servers()
    if only_install:
        return
    command = [sys.executable, "-m", "pytest", *(context.args or ALL_AT_ONCE)]
    raise typer.Exit(run_to_its_end(command, environment_of_tests(os.environ)))


def environment_of_tests(environ: Mapping[str, str]) -> dict[str, str]:
    """These variables without those that set up CryptoBoy, so that a test means the same on every machine.

    Each program that a test starts would compile all that it imports where bytecode may not be kept, as images of
    Python often say: Freqtrade then needs more than twice the time.
    """
    return {
        name: value
        for name, value in environ.items()
        if not _is_ours(name) and name != "PYTHONDONTWRITEBYTECODE"
    }


def _is_ours(name: str) -> bool:
    return name.startswith("CRYPTOBOY_") and not name.startswith(_FOR_TESTS)


def run_to_its_end(command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run a program and return its status; when a signal asks for the end, wait until the program has cleaned up."""
    process = subprocess.Popen(command, cwd=PROJECT_ROOT, env=environ)  # noqa: S603 - pytest
    # A terminal sends Ctrl-C to both; SIGTERM comes to one of them.
    before = {
        signal.SIGINT: signal.signal(signal.SIGINT, signal.SIG_IGN),
        signal.SIGTERM: signal.signal(signal.SIGTERM, lambda number, _: process.send_signal(number)),
    }
    try:
        return process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
