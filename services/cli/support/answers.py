"""Prints the output of commands: text, JSON, tables and HTML pages."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from pydantic_core import to_jsonable_python
from rich.box import SIMPLE, SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.table import Column, Table

from services.cli.support.console import PlainConsole
from services.common.errors import StopProgram
from services.common.files import write_whole
from services.common.settings.folders import COMMAND

# Wider than any printed row, so that in a pipe each row is one line.
_UNLIMITED = 10_000


def as_typed(text: str) -> str:
    """Replace the script of the checkout in a message by the command that users of this installation type."""
    return text.replace("./cryptoboy", COMMAND)


def say(text: str) -> None:
    """Write a message to standard error; a closed standard error is not an error."""
    with suppress(OSError):
        sys.stderr.write(f"cryptoboy: {as_typed(text)}\n")
        sys.stderr.flush()


def print_json(result: object) -> None:
    """Print a result as JSON on one line; a dataclass becomes an object of its fields, an enumeration its value."""
    print(json.dumps(to_jsonable_python(result), allow_nan=False))


def answer_console(room: int = 0) -> Console:
    """A console on standard output: text is wrapped to the width of a terminal; elsewhere it is not wrapped.

    Args:
        room: the minimum number of columns even on a narrower terminal, for values that must be copied uncut.
    """
    console = PlainConsole()
    if not console.is_terminal:
        return PlainConsole(width=_UNLIMITED)
    return console if console.width >= room else PlainConsole(width=room)


def whole(name: str, texts: Iterable[str]) -> Column:
    """A column whose values are neither cut nor wrapped if there is enough room."""
    return Column(name, no_wrap=True, min_width=max((cell_len(text) for text in texts), default=0))


def figures_table(title: str, texts: Sequence[str], figures: Sequence[str]) -> Table:
    """A table with columns of texts, followed by columns of figures, which are aligned to the right."""
    columns = (*(Column(name) for name in texts), *(Column(name, justify="right") for name in figures))
    return Table(*columns, title=title or None, title_justify="left", box=SIMPLE_HEAD)


def plain_table(*columns: Column | str) -> Table:
    """A table without vertical lines, for answers that consist of one table."""
    return Table(*columns, box=SIMPLE, padding=(0, 1, 0, 0))


def page_file(html: Path | None, name: str = "") -> Path | None:
    """The file that --html names, checked before the work begins; if it names a directory, the file `name` in it.

    Raises:
        StopProgram: the directory of the file does not exist.
    """
    if html is None or html.parent.is_dir():
        return html / name if html and name and html.is_dir() else html
    raise StopProgram(f"--html {html}: there is no directory {html.parent}; make it first")


def write_page(path: Path, text: str) -> None:
    """Write a page as a whole or not at all, so that an incomplete file cannot be mistaken for a page.

    Raises:
        StopProgram: the file cannot be written.
    """
    try:
        write_whole(path, text)
    except OSError as error:
        raise StopProgram(f"--html {path} cannot be written: {error}") from error
