"""The sockets on which the embedded Redis listens."""

from __future__ import annotations

import contextlib
import socket
import stat
from pathlib import Path

from services.common.errors import StopProgram
from services.common.runtime.ports import LOOPBACK, listen_on
from services.common.secrets.private import make_own_folder
from services.common.store.embedded.access import SHORT_FOLDERS

ADDRESS = LOOPBACK
_BACKLOG = 128
_OWNER_ONLY = 0o600


def listen(port: int) -> socket.socket:
    """On a port of loopback; 0 is any free one. Raises StopProgram."""
    try:
        return listen_on(port)
    except (OSError, OverflowError) as error:
        raise StopProgram(
            f"the embedded Redis cannot listen on {ADDRESS}:{port} ({error}). "
            "Is another Redis running there? Choose another port; 0 takes any free one."
        ) from error


def listen_locally(path: Path) -> socket.socket:
    """On a socket in a folder of this user alone, in place of one that a server before left there.

    Raises:
        StopProgram: the folder is not closed to others, or cannot be written.
    """
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        make_own_folder(path.parent)
        with contextlib.suppress(FileNotFoundError):
            if stat.S_ISSOCK(path.lstat().st_mode):
                path.unlink()
        listener.bind(str(path))
        path.chmod(_OWNER_ONLY)
        listener.listen(_BACKLOG)
    except StopProgram:
        listener.close()
        raise
    except OSError as error:
        listener.close()
        raise StopProgram(
            f"the embedded Redis cannot make its socket {path} ({error}). Choose another STATE_DIR: a folder on a "
            "local disk that this user may write."
        ) from error
    return listener


def end_locally(path: Path) -> None:
    """Remove the socket, and its folder if that was made for it. Raises OSError."""
    path.unlink(missing_ok=True)
    if path.parent.parent == SHORT_FOLDERS:
        with contextlib.suppress(OSError):  # another server's socket is there too
            path.parent.rmdir()
