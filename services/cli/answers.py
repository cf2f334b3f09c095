"""Where a command prints its answer for people."""

from __future__ import annotations

from rich.console import Console

# Wider than anything that is printed: what reads a pipe wants one line for one row.
_UNLIMITED = 10_000


def answer_console() -> Console:
    """Standard output: wrapped to the width of a terminal, and not wrapped at all elsewhere."""
    console = Console()
    return console if console.is_terminal else Console(width=_UNLIMITED)
