"""`scripts/poll_feeds.py`: polls the feeds in a folder and reports what the poller reads from them."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE
from rich.table import Table
from rich.text import Text

from devtools.commands.tool import run_tool
from services.cli.support.answers import answer_console
from services.cli.support.console import PlainConsole

if TYPE_CHECKING:
    from devtools.fuzzing.polling import Polled


def poll_feeds(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="Each file in it is a feed.")],
    json_output: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Poll each file over HTTP on this machine and publish its articles. Exit status 1 if not all are published.

    Example: scripts/poll_feeds.py my-feeds
    """
    from devtools.fuzzing.polling import poll_folder

    console = PlainConsole(stderr=True)
    with TemporaryDirectory(prefix="cryptoboy-feeds-") as state, console.status("polling") as status:
        polled, published = poll_folder(folder, Path(state), lambda name: status.update(f"polling {name}"))
    articles = sum(each.articles for each in polled)
    summary = {
        "files": len(polled),
        "refused": sum(bool(each.refused) for each in polled),
        "untidy": sum(bool(each.warning) for each in polled),
        "entries": sum(each.entries for each in polled),
        "articles": articles,
        "published": published,
    }
    if json_output:
        print(json.dumps({**summary, "feeds": [asdict(each) for each in polled]}))
    else:
        _show(polled)
        print(", ".join(f"{value} {name}" for name, value in summary.items()))
    if published != articles:
        raise typer.Exit(1)


def _show(polled: list[Polled]) -> None:
    table = Table(box=SIMPLE, header_style="bold", pad_edge=False)
    table.add_column("file", overflow="fold")
    table.add_column("entries", justify="right")
    table.add_column("articles", justify="right")
    table.add_column("refused, or untidy")
    for each in polled:
        table.add_row(
            Text(each.file), str(each.entries), str(each.articles), Text((each.refused or each.warning)[:60])
        )
    answer_console().print(table)


if __name__ == "__main__":
    run_tool(poll_feeds, "scripts/poll_feeds.py")
