"""How a developer's tool of `scripts/` is run: one command, and errors as the command line tells them."""

from __future__ import annotations

from collections.abc import Callable

from services.cli.support.running import new_app, run_app
from services.launch.ending import end_as_by_ctrl_c, tells_when_stopped


def run_tool(command: Callable[..., None], name: str) -> None:
    """Run it with the arguments of this process. Exit status as of `./cryptoboy`."""
    app = new_app()
    app.command()(command)
    end_as_by_ctrl_c()
    with tells_when_stopped(name):
        run_app(app, name, name)
