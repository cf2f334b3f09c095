"""`scripts/guards.py`: whether the tests notice when a guard is missing."""

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
    from devtools.guards import Guard, Outcome


def guards(
    names: Annotated[list[str] | None, typer.Argument(help="Take away only these. Default: all.")] = None,
    list_guards: Annotated[bool, typer.Option("--list", help="List the guards and end.")] = False,
    jobs: Annotated[int, typer.Option(min=1, max=16, help="Tests at the same time.")] = 2,
    json_output: Annotated[
        bool, typer.Option("--json", help="Print a JSON list, an object for each guard.")
    ] = False,
) -> None:
    """Take each guard of tests/chaos/guards.toml away, in a copy of the tree, and run the test that must fail then.

    Exit status 1 if a test passes all the same, or cannot be run. All of it takes about half an hour.

    Example: scripts/guards.py known_ids back_pressure
    """
    from devtools.guards import Verdict, edited, load_guards
    from services.common.settings.settings import PROJECT_ROOT

    chosen = load_guards(only=names or ())
    if list_guards:
        for each in chosen:
            print(f"{each.name:28} {each.fault}: {each.guard}")
        return
    for each in chosen:
        edited(PROJECT_ROOT, each)  # changes nothing; says now what cannot be found
    outcomes = []
    for outcome in _take_away(chosen, jobs):
        outcomes.append(outcome)
        told = f"{outcome.verdict:8} {outcome.guard.name:28} {outcome.seconds:4.0f} s  {outcome.guard.fault}"
        print(told, file=sys.stderr if json_output else sys.stdout, flush=True)
        if outcome.verdict is not Verdict.NOTICED:
            sys.stderr.write(f"{outcome.said}\n")
    if json_output:
        print(json.dumps([_as_json(each) for each in outcomes]))
    if any(each.verdict is not Verdict.NOTICED for each in outcomes):
        raise typer.Exit(1)


def _take_away(chosen: tuple[Guard, ...], jobs: int) -> Iterator[Outcome]:
    from devtools.guards import copy_tree, end_running, take_away

    with ExitStack() as stack:
        trees: SimpleQueue[Path] = SimpleQueue()
        for _ in range(min(jobs, len(chosen))):
            tree = Path(stack.enter_context(TemporaryDirectory(prefix="cryptoboy-guards-")))
            copy_tree(tree)
            trees.put(tree)

        def work(guard: Guard) -> Outcome:
            tree = trees.get()
            try:
                return take_away(tree, guard)
            finally:
                trees.put(tree)

        pool = stack.enter_context(ThreadPoolExecutor(jobs))
        stack.callback(pool.shutdown, wait=True, cancel_futures=True)
        stack.callback(end_running)
        yield from pool.map(work, chosen)


def _as_json(outcome: Outcome) -> dict[str, object]:
    return {
        "name": outcome.guard.name,
        "fault": outcome.guard.fault,
        "guard": outcome.guard.guard,
        "test": outcome.guard.test,
        "verdict": outcome.verdict.value,
        "seconds": round(outcome.seconds, 1),
    }


if __name__ == "__main__":
    run_tool(guards, "scripts/guards.py")
