"""`cryptoboy test`: installs the packages and servers that the tests need, then runs the tests."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from devtools.commands.packages import install_test_packages, install_test_servers
from services.common.settings.settings import PROJECT_ROOT

# The tests mostly wait, above all for servers, so two at the same time need few more resources.
ALL_AT_ONCE = ["--quiet", "--numprocesses=2", "--dist=worksteal", "--durations=15"]


_WITHOUT_SERVERS = PROJECT_ROOT / "tests" / "unit"


def need_servers(arguments: Sequence[str]) -> bool:
    """Whether these arguments may select tests outside tests/unit; only those tests need servers."""
    paths = [PROJECT_ROOT / text.partition("::")[0] for text in arguments if not text.startswith("-")]
    chosen = [path.resolve() for path in paths if path.exists()]  # other arguments are values of options
    return not chosen or not all(path.is_relative_to(_WITHOUT_SERVERS) for path in chosen)


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
    ours = {name for name in os.environ if name.startswith("CRYPTOBOY_") and name != "CRYPTOBOY_VENV"}
    environ = {name: value for name, value in os.environ.items() if name not in ours}
    command = [sys.executable, "-m", "pytest", *(context.args or ALL_AT_ONCE)]
    status = subprocess.run(command, check=False, cwd=PROJECT_ROOT, env=environ).returncode  # noqa: S603 - pytest
    raise typer.Exit(status)
