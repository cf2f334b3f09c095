"""Pages that a command leaves behind."""

from __future__ import annotations

from pathlib import Path

from services.common.errors import StopProgram
from services.common.files import write_whole


def page_file(html: Path | None, name: str = "") -> Path | None:
    """The file of --html, looked at before the work begins; in a directory, where `name` is given, that of the name.

    Raises:
        StopProgram: its directory is not there.
    """
    if html is None or html.parent.is_dir():
        return html / name if html and name and html.is_dir() else html
    raise StopProgram(f"--html {html}: there is no directory {html.parent}; make it first")


def write_page(path: Path, text: str) -> None:
    """Write a page whole or not at all: what is cut off in the middle must not look like one.

    Raises:
        StopProgram: the file cannot be written.
    """
    try:
        write_whole(path, text)
    except OSError as error:
        raise StopProgram(f"--html {path} cannot be written: {error}") from error
