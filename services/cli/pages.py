"""Pages that a command leaves behind."""

from __future__ import annotations

from pathlib import Path

from services.common.errors import StopProgram


def write_page(path: Path, text: str) -> None:
    """Write a page whole or not at all: what is cut off in the middle must not look like one.

    Raises:
        StopProgram: the file cannot be written.
    """
    draft = path.with_name(f".{path.name}.part")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        raise StopProgram(f"--html {path} cannot be written: {error}") from error
    finally:
        draft.unlink(missing_ok=True)
