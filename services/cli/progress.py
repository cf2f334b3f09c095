"""A progress bar with the time left, on stderr; where that is no terminal, a line every ten seconds."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

LINE_EVERY_SECONDS = 10.0


@contextmanager
def progress_of(what: str) -> Iterator[Callable[[int, int], None]]:
    """Yields a function to be told how much is done and how much there is, in any unit."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _lines(what)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(what, total=None)

        def show(done: int, size: int) -> None:
            bar.update(task, completed=done, total=size)

        yield show


def _lines(what: str) -> Callable[[int, int], None]:
    began = last = time.monotonic()
    first: int | None = None

    def show(done: int, size: int) -> None:
        nonlocal last, first
        if first is None:
            first = done
        now = time.monotonic()
        if now - last < LINE_EVERY_SECONDS:
            return
        last = now
        left = ""
        if done > first:
            left = f", about {(size - done) * (now - began) / (done - first):.0f} s left"
        sys.stderr.write(f"cryptoboy: {what} {100 * done / max(size, 1):.0f}%{left}\n")
        sys.stderr.flush()

    return show
