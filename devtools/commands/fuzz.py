"""`scripts/fuzz.py`: searches for inputs that the parsers of external data do not handle correctly."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.status import Status

from devtools.commands.tool import run_tool
from services.cli.support.console import PlainConsole
from services.common.errors import StopProgram
from services.common.settings.settings import PROJECT_ROOT

if TYPE_CHECKING:
    from devtools.fuzzing.search import Outcome

FOLDER = PROJECT_ROOT / "var" / "fuzz"


def fuzz(
    target: Annotated[
        list[str] | None, typer.Option(help="message, feed or answer; may be given again. Default: all.")
    ] = None,
    seconds: Annotated[int, typer.Option(min=1, help="How long each target is searched.")] = 60,
    seeds: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            file_okay=False,
            help="Files to begin from, besides our own samples, such as real feeds.",
        ),
    ] = None,
    folder: Annotated[
        Path, typer.Option(help="Keeps what was found, and what reached something new, for the next time.")
    ] = FOLDER,
    memory: Annotated[
        int, typer.Option(min=256, help="Resident memory that a search may use, in MB.")
    ] = 1024,
    repeat: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Try this one input on one --target, and end."),
    ] = None,
    json_output: Annotated[
        bool, typer.Option("--json", help="Print a JSON list, an object for each target.")
    ] = False,
) -> None:
    """Try generated inputs on the parsers, guided by code coverage. Exit status 1 if an input fails.

    Example: scripts/fuzz.py --target feed --seconds 600 --seeds my-feeds
    """
    from devtools.fuzzing.search import check_that_it_can_search, search
    from devtools.fuzzing.targets import TARGETS, target_named

    chosen = [target_named(name) for name in target or [each.name for each in TARGETS]]
    if repeat is not None:
        if len(chosen) != 1:
            raise StopProgram("--repeat needs one --target: message, feed or answer")
        chosen[0].check(repeat.read_bytes())
        print(f"{repeat} is borne by {chosen[0].name}")
        return
    check_that_it_can_search()
    console = PlainConsole(stderr=True)
    outcomes: list[Outcome] = []
    for each in chosen:
        with console.status(f"{each.name}: {each.about}") as status:
            report = partial(_show, status, each.name)
            found = search(each, seconds, folder.absolute(), seeds=seeds, memory_mb=memory, report=report)
        outcomes.append(found)
        if not json_output:
            _tell(outcomes[-1])
    if json_output:
        print(json.dumps([_as_json(outcome) for outcome in outcomes]))
    if any(outcome.finds for outcome in outcomes):
        raise typer.Exit(1)


def _show(status: Status, name: str, text: str) -> None:
    status.update(f"{name}: {text}")


def _tell(outcome: Outcome) -> None:
    verdict = "nothing found" if not outcome.finds else f"{len(outcome.finds)} found"
    print(
        f"{outcome.target:8} {verdict}: {outcome.executions:,} inputs in {outcome.seconds:.0f} s, "
        f"{outcome.coverage} branches reached, {outcome.peak_mb} MB at most"
    )
    for find in outcome.finds:
        print(f"         {find}\n         {_command(outcome.target, find)}\n         log: {outcome.log}")


def _command(target: str, find: Path) -> str:
    return f"scripts/fuzz.py --target {target} --repeat {find}"


def _as_json(outcome: Outcome) -> dict[str, object]:
    return {
        "target": outcome.target,
        "seconds": round(outcome.seconds, 1),
        "executions": outcome.executions,
        "coverage": outcome.coverage,
        "peak_mb": outcome.peak_mb,
        "finds": [{"file": str(find), "repeat": _command(outcome.target, find)} for find in outcome.finds],
        "log": str(outcome.log),
    }


if __name__ == "__main__":
    run_tool(fuzz, "scripts/fuzz.py")
