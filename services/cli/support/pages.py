"""Pages that a command leaves behind."""

from __future__ import annotations

from pathlib import Path

from services.common.errors import StopProgram
from services.common.files import write_whole


def write_page(path: Path, text: str) -> None:
    """Write a page whole or not at all: what is cut off in the middle must not look like one.

    Raises:
        StopProgram: the file cannot be written.
    """
    try:
        write_whole(path, text)
    except OSError as error:
        raise StopProgram(f"--html {path} cannot be written: {error}") from error
