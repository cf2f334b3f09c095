"""`cryptoboy test`: installs what the tests need, then runs them."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Annotated

import typer

from services.cli.packages import install_test_packages, install_test_servers
from services.common.settings import PROJECT_ROOT

# Most of their time the tests wait, for servers above all; two at once need little more of the machine.
ALL_AT_ONCE = ["--quiet", "--numprocesses=2", "--dist=worksteal", "--durations=15"]


def run_tests(
    context: typer.Context,
    only_install: Annotated[
        bool, typer.Option("--only-install", help="Install what the tests need, run none.")
    ] = False,
) -> None:
    """Run all tests, two at a time, or those that the arguments choose as pytest understands them.

    Example: ./cryptoboy test tests/unit -k labels
    """
    install_test_packages()
    install_test_servers()
    if only_install:
        return
    ours = {name for name in os.environ if name.startswith("CRYPTOBOY_") and name != "CRYPTOBOY_VENV"}
    environ = {name: value for name, value in os.environ.items() if name not in ours}
    command = [sys.executable, "-m", "pytest", *(context.args or ALL_AT_ONCE)]
    status = subprocess.run(command, check=False, cwd=PROJECT_ROOT, env=environ).returncode  # noqa: S603 - pytest
    raise typer.Exit(status)
