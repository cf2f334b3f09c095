"""Removes control characters from everything that a program prints: headlines and errors quote untrusted text.

Each program wraps its standard output and standard error once, at its start. Code that writes escape sequences of its
own (`services.cli.support.console`) cleans the texts itself, and writes to the wrapped stream directly.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from services.common.text.plain_text import without_control


class CleanStream:
    """Wraps a text stream and removes control characters, except line ends and tabs, from every text.

    Attributes:
        trusted: the wrapped stream, for callers that clean their texts themselves.
    """

    def __init__(self, stream: Any) -> None:  # noqa: ANN401 - whatever sys.stdout is
        self.trusted = stream

    def write(self, text: str) -> int:
        """Write `text` without its control characters, and return the length of `text`."""
        self.trusted.write(without_control(text, lines=True))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write each of the lines."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - all else is the stream's own
        return getattr(self.trusted, name)


def clean_output() -> None:
    """Wrap this process's standard output and standard error, tracebacks included. Further calls change nothing."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if not isinstance(stream, CleanStream):
            setattr(sys, name, CleanStream(stream))


def trusted(stream: Any) -> Any:  # noqa: ANN401 - any stream
    """Return the stream that a `CleanStream` wraps, or `stream` itself if it is of another type."""
    return stream.trusted if isinstance(stream, CleanStream) else stream
