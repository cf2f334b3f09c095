"""`cryptoboy test`: installs what the tests need, then runs them."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Annotated

import typer

from services.cli.packages import install_test_packages, install_test_servers
from services.common.settings import PROJECT_ROOT


def run_tests(
    context: typer.Context,
    only_install: Annotated[
        bool, typer.Option("--only-install", help="Install what the tests need, run none.")
    ] = False,
) -> None:
    """Run all tests, or those that the arguments choose as pytest understands them.

    Example: ./cryptoboy test tests/unit -k labels
    """
    install_test_packages()
    install_test_servers()
    if only_install:
        return
    ours = {name for name in os.environ if name.startswith("CRYPTOBOY_") and name != "CRYPTOBOY_VENV"}
    environ = {name: value for name, value in os.environ.items() if name not in ours}
    command = [sys.executable, "-m", "pytest", *context.args]
    status = subprocess.run(command, check=False, cwd=PROJECT_ROOT, env=environ).returncode  # noqa: S603 - pytest
    raise typer.Exit(status)
