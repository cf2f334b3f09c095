"""What to do when the files that the processor keeps something in fail: wait, or have a person see to it."""

from __future__ import annotations

import errno
import sqlite3
import tempfile
from pathlib import Path

from services.common.errors import StopProgram, TryLater

PROBE_BYTES = 64 * 1024
_PASSING = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR})
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO})
_PRIMARY_CODE = 0xFF


def check_folder(folder: Path) -> None:
    """Make sure that the folder is there and has room for a little more.

    Raises:
        TryLater: the disk is full.
        StopProgram: the folder cannot be made, or this user may not write in it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder, buffering=0) as probe:
            probe.write(bytes(PROBE_BYTES))
    except OSError as error:
        problem = f"nothing can be kept in {folder}: {error.strerror}"
        if error.errno in _NO_ROOM:
            raise TryLater(f"{problem}; make room on the disk") from error
        raise StopProgram(
            f"{problem}. Set STATE_DIR to a folder on a local disk that this user may write."
        ) from error


def reaction_to(error: sqlite3.Error, path: Path | None, what: str) -> StopProgram | TryLater:
    """To a busy file and to a full disk: wait, somebody is at work on it. To all else: a person has to act."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & _PRIMARY_CODE
    if code in _PASSING:
        return TryLater(f"{what} in {path} cannot be used now ({error})")
    return StopProgram(
        f"{what} in {path} cannot be used ({error}). Give this user the right to write it, set STATE_DIR to "
        "another folder, or move the file away to begin a new one."
    )
