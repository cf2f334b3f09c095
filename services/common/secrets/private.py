"""Files and folders that other users of the machine can neither read nor change."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from services.common.errors import StopProgram

_UMASK = 0o077
_OF_OTHERS = 0o077
_ROOT = 0


def keep_private() -> None:
    """Set the umask so that only this user can read what the process and its children write from now on.

    Each program calls it first. Files that other users have to read (secrets mounted into containers, configuration of
    servers) get their mode where they are written.
    """
    os.umask(_UMASK)


def close_folder(folder: Path) -> str:
    """Take other users' rights on a folder of state away, if it is there and ours.

    Returns:
        What was changed, for the user; empty if nothing had to be.

    Raises:
        StopProgram: another user, who is not root, owns the folder or a link to it, and so could replace its content.
            Root may use any user's folder.
    """
    try:
        found, link = folder.stat(), folder.lstat()
    except OSError:  # not there yet, or not to be used: whoever writes there says so
        return ""
    us = os.geteuid()
    if us != _ROOT and {found.st_uid, link.st_uid} - {us, _ROOT}:
        raise StopProgram(
            f"{folder} belongs to another user, who could change what is kept there. Choose a folder of your own with "
            "STATE_DIR."
        )
    mode = stat.S_IMODE(found.st_mode)
    if found.st_uid != us or not mode & _OF_OTHERS or mode & stat.S_ISVTX:
        return ""
    try:
        folder.chmod(mode & ~_OF_OTHERS)
    except OSError as error:
        return (
            f"other users can look into {folder} (mode {mode:04o}), which cannot be changed: {error.strerror}"
        )
    return f"other users could look into {folder} (mode {mode:04o}); from now on they cannot"


def make_own_folder(folder: Path) -> None:
    """Make a folder that nobody else can enter, or make sure that it is one.

    Raises:
        OSError: it cannot be made or looked at.
        StopProgram: it is a link, another user's, or open to others in a way that cannot be closed.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    close_folder(folder)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & _OF_OTHERS:
        raise StopProgram(
            f"{folder} has to be a folder of this user alone, and is not. Choose another STATE_DIR, or remove it."
        )
