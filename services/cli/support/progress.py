"""A progress bar with the time left on stderr; if that is not a terminal, a line every ten seconds."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, Task, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from services.cli.support.answers import say
from services.cli.support.console import PlainConsole

LINE_EVERY_SECONDS = 10.0
RECENT_SECONDS = 20.0
# Before that, programs start and files are read, so the speed does not predict the rest.
FIRST_ESTIMATE_PERCENT = 10


@contextmanager
def progress_of(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show progress while the context lasts; yields a function that takes the completed and the total amount."""
    console = PlainConsole(stderr=True)
    if not console.is_terminal:
        yield _lines(what)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), _TimeLeft())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(what, total=None)

        def show(done: int, size: int) -> None:
            bar.update(task, completed=done, total=size)

        yield show


class Estimate:
    """The estimated time left, computed from the recent speed because the first steps are often the slowest."""

    def __init__(self) -> None:
        self._first: int | None = None
        self._recent: deque[tuple[float, int]] = deque()

    def seconds_left(self, now: float, done: int, size: int) -> float | None:
        """Seconds left at the time `now` of any monotonic clock; None if it is too early for an estimate.

        The speed is measured from the first call on, because resumed work begins with a part already done.
        """
        if self._first is None:
            self._first = done
        while len(self._recent) > 1 and self._recent[1][0] <= now - RECENT_SECONDS:
            self._recent.popleft()
        if not self._recent or now - self._recent[-1][0] >= 1:
            self._recent.append((now, done))
        began, before = self._recent[0]
        too_early = 100 * (done - self._first) < FIRST_ESTIMATE_PERCENT * (size - self._first)
        if too_early or done <= before:
            return None
        return (size - done) * (now - began) / (done - before)


class _TimeLeft(TimeRemainingColumn):
    """The time left as rich estimates it, hidden until FIRST_ESTIMATE_PERCENT of the work is done."""

    def render(self, task: Task) -> Text:
        if task.percentage < FIRST_ESTIMATE_PERCENT:
            return Text("-:--:--", style="progress.remaining")
        return super().render(task)


def _lines(what: str) -> Callable[[int, int], None]:
    last = time.monotonic()
    estimate = Estimate()

    def show(done: int, size: int) -> None:
        nonlocal last
        now = time.monotonic()
        seconds = estimate.seconds_left(now, done, size)
        if now - last < LINE_EVERY_SECONDS:
            return
        last = now
        left = "" if seconds is None else f", about {seconds:.0f} s left"
        say(f"{what} {100 * done / max(size, 1):.0f}%{left}")

    return show
