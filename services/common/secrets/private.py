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

    Each program calls this function first. Code that writes files for other users (secrets mounted into containers,
    configuration of servers) sets the mode of these files itself.
    """
    os.umask(_UMASK)


def close_folder(folder: Path) -> str:
    """Remove the rights of other users on a state folder, if the folder exists and this user owns it.

    Returns:
        A text for the user about what was changed or could not be changed; empty if nothing had to be changed.

    Raises:
        StopProgram: a user other than this one and root owns the folder or a link to it, and so could replace its
            content; not raised if this user is root. Or the folder is open and directly below `/`, as /var is.
    """
    try:
        found, link = folder.stat(), folder.lstat()
    except OSError:  # missing or unusable; the code that writes to the folder reports that
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
    if folder.resolve().parent == Path("/"):
        raise StopProgram(
            f"{folder.resolve()} is open to other users and directly below /, so it may be the system's. Choose "
            "a folder of your own with STATE_DIR, or close this one yourself (chmod go= FOLDER)."
        )
    try:
        folder.chmod(mode & ~_OF_OTHERS)
    except OSError as error:
        return (
            f"other users can look into {folder} (mode {mode:04o}), which cannot be changed: {error.strerror}"
        )
    return f"other users could look into {folder} (mode {mode:04o}); from now on they cannot"


def make_own_folder(folder: Path) -> None:
    """Make a folder that only this user can enter, or make sure that an existing folder is such a folder.

    Raises:
        OSError: the folder cannot be made or examined.
        StopProgram: the folder is a link, another user owns it, or the rights of other users cannot be removed.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    close_folder(folder)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & _OF_OTHERS:
        raise StopProgram(
            f"{folder} has to be a folder of this user alone, and is not. Choose another STATE_DIR, or remove it."
        )
