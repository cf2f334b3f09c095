"""What a program prints has no control characters of others: headlines, names and errors quote what anybody wrote.

Each program has its two streams cleaned once, at its start, so that no call has to think of it. What draws with escape
sequences of its own (see `services.cli.console`) cleans what it shows and writes past the stream.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from services.common.plain_text import without_control


class CleanStream:
    """A text stream in front of another, which gets every text without control characters; lines stay.

    Attributes:
        trusted: the other, for those who clean what they show themselves.
    """

    def __init__(self, stream: Any) -> None:  # noqa: ANN401 - whatever sys.stdout is
        self.trusted = stream

    def write(self, text: str) -> int:
        """Write it; the length is that of the text given."""
        self.trusted.write(without_control(text, lines=True))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write each of them."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - all else is the stream's own
        return getattr(self.trusted, name)


def clean_output() -> None:
    """From now on, what this process prints, tracebacks included, steers no terminal. May be called again."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if not isinstance(stream, CleanStream):
            setattr(sys, name, CleanStream(stream))


def trusted(stream: Any) -> Any:  # noqa: ANN401 - any stream
    """The stream behind one that is cleaned, else the same."""
    return stream.trusted if isinstance(stream, CleanStream) else stream
