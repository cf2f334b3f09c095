"""`scripts/guards.py`: checks that a test fails when a guard is removed."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from devtools.commands.tool import run_tool

if TYPE_CHECKING:
    from devtools.guards.entries import Guard
    from devtools.guards.trial import Trial


def guards(
    names: Annotated[list[str] | None, typer.Argument(help="Take away only these. Default: all.")] = None,
    list_guards: Annotated[bool, typer.Option("--list", help="List the guards and end.")] = False,
    jobs: Annotated[int, typer.Option(min=1, max=16, help="Tests at the same time.")] = 2,
    json_output: Annotated[
        bool, typer.Option("--json", help="Print a JSON list, an object for each guard.")
    ] = False,
) -> None:
    """Remove each guard of tests/chaos/guards.toml in a copy of the tree, and run the test that must then fail.

    The exit status is 1 if a test passes without its guard, or cannot be run. All guards take about half an hour.

    Example: scripts/guards.py known_ids back_pressure
    """
    from devtools.guards.entries import load_guards
    from devtools.guards.removal import without_guard
    from devtools.guards.trial import Verdict
    from services.common.settings.settings import PROJECT_ROOT

    chosen = load_guards(only=names or ())
    if list_guards:
        for each in chosen:
            print(f"{each.name:28} {each.fault}: {each.guard}")
        return
    for each in chosen:
        without_guard(PROJECT_ROOT, each)  # writes nothing, but reports mistakes before the first test
    trials = []
    for trial in _trials(chosen, jobs):
        trials.append(trial)
        line = f"{trial.verdict:8} {trial.guard.name:28} {trial.seconds:4.0f} s  {trial.guard.fault}"
        print(line, file=sys.stderr if json_output else sys.stdout, flush=True)
        if trial.verdict is not Verdict.NOTICED:
            sys.stderr.write(f"{trial.output}\n")
    if json_output:
        print(json.dumps([_as_json(each) for each in trials]))
    if any(each.verdict is not Verdict.NOTICED for each in trials):
        raise typer.Exit(1)


def _trials(chosen: tuple[Guard, ...], jobs: int) -> Iterator[Trial]:
    from devtools.guards.trial import copy_tree, end_running, try_without

    with ExitStack() as stack:
        trees: SimpleQueue[Path] = SimpleQueue()
        for _ in range(min(jobs, len(chosen))):
            tree = Path(stack.enter_context(TemporaryDirectory(prefix="cryptoboy-guards-")))
            copy_tree(tree)
            trees.put(tree)

        def run(guard: Guard) -> Trial:
            tree = trees.get()
            try:
                return try_without(tree, guard)
            finally:
                trees.put(tree)

        pool = stack.enter_context(ThreadPoolExecutor(jobs))
        stack.callback(pool.shutdown, wait=True, cancel_futures=True)
        stack.callback(end_running)
        yield from pool.map(run, chosen)


def _as_json(trial: Trial) -> dict[str, object]:
    return {
        "name": trial.guard.name,
        "fault": trial.guard.fault,
        "guard": trial.guard.guard,
        "test": trial.guard.test,
        "verdict": trial.verdict.value,
        "seconds": round(trial.seconds, 1),
    }


if __name__ == "__main__":
    run_tool(guards, "scripts/guards.py")
