"""Runs a developers' tool of `scripts/`: a tool has one command and reports errors as `./cryptoboy` does."""

from __future__ import annotations

from collections.abc import Callable

from services.cli.support.running import new_app, run_app
from services.launch.ending import end_as_by_ctrl_c, tells_when_stopped


def run_tool(command: Callable[..., None], name: str) -> None:
    """Run the command with the arguments of this process; the exit status means the same as that of `./cryptoboy`."""
    app = new_app()
    app.command()(command)
    end_as_by_ctrl_c()
    with tells_when_stopped(name):
        run_app(app, name, name)
