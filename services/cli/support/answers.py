"""Where a command prints its answer for people."""

from __future__ import annotations

from collections.abc import Iterable

from rich.cells import cell_len
from rich.console import Console
from rich.table import Column

from services.cli.support.console import PlainConsole

# Wider than anything that is printed: what reads a pipe wants one line for one row.
_UNLIMITED = 10_000


def answer_console(room: int = 0) -> Console:
    """Standard output: wrapped to the width of a terminal, and not wrapped at all elsewhere.

    Args:
        room: columns that are there however narrow the terminal is, for what is copied and must not be cut.
    """
    console = PlainConsole()
    if not console.is_terminal:
        return PlainConsole(width=_UNLIMITED)
    return console if console.width >= room else PlainConsole(width=room)


def whole(name: str, texts: Iterable[str]) -> Column:
    """A column of a table in which nothing is cut or wrapped, given the room for it."""
    return Column(name, no_wrap=True, min_width=max((cell_len(text) for text in texts), default=0))
