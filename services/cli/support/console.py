"""Output on a terminal: styles and tables come from this project, but the text in them may come from anybody."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from services.common.text.clean_output import trusted
from services.common.text.plain_text import without_control


class PlainConsole(Console):
    """A console that removes control characters from all text, and interprets no markup in it.

    Styled text must be a `Text`.

    Args:
        stderr: whether to write to standard error instead of standard output.
        width: the width in columns; None: the width of the terminal.
    """

    def __init__(self, *, stderr: bool = False, width: int | None = None) -> None:
        super().__init__(
            file=trusted(sys.stderr if stderr else sys.stdout), width=width, markup=False, emoji=False
        )

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Remove control characters from all output; every output passes through this method of rich.Console."""
        for segment in super().render(renderable, options):
            if segment.control or segment.text.isprintable():
                yield segment
            else:
                yield segment._replace(text=without_control(segment.text, lines=True))
