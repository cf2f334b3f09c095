"""The one way to draw on a terminal: colours, tables and live views are ours, what stands in them may be anybody's."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from services.common.text.clean_output import trusted
from services.common.text.plain_text import without_control


class PlainConsole(Console):
    """A console that shows texts, whoever wrote them, without control characters, and reads no markup in them.

    What is to have a style is a `Text`.

    Args:
        stderr: draw on standard error instead of standard output.
        width: in columns; None: that of the terminal.
    """

    def __init__(self, *, stderr: bool = False, width: int | None = None) -> None:
        super().__init__(
            file=trusted(sys.stderr if stderr else sys.stdout), width=width, markup=False, emoji=False
        )

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Part of rich.Console: all that is shown comes through here, as a whole and in its parts."""
        for segment in super().render(renderable, options):
            if segment.control or segment.text.isprintable():
                yield segment
            else:
                yield segment._replace(text=without_control(segment.text, lines=True))
