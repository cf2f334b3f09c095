"""Data files: what the last suffix of a name says, in any case, and how a file is replaced as a whole."""

from __future__ import annotations

import errno
import gzip
import os
import stat
import tempfile
import uuid
from pathlib import Path
from typing import TextIO

from services.common.errors import StopProgram, TryLater

_GZIP = ".gz"
_MOST_BYTES = 1_000_000
_ANYBODY = 0o666
_PROBE_BYTES = 64 * 1024
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO})


def is_gzipped(path: Path) -> bool:
    """Whether the name says that the file is packed."""
    return path.suffix.lower() == _GZIP


def format_suffix(path: Path) -> str:
    """The suffix of what the file holds, unpacked, in lower case: .csv of NEWS.CSV.GZ; empty if there is none."""
    return (path.with_suffix("") if is_gzipped(path) else path).suffix.lower()


def open_text(path: Path) -> TextIO:
    """A text file in UTF-8, with or without a byte order mark, unpacked, line ends as they are. Raises OSError."""
    if is_gzipped(path):
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def read_small(path: Path) -> str:
    """The text of a file of settings or of one secret, in UTF-8, with or without a byte order mark; waits for nobody.

    Raises:
        OSError: it cannot be read, is a pipe, which can be read once only, or is longer than anybody writes it.
        UnicodeDecodeError: it is no text.
    """
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as file:
        if stat.S_ISFIFO(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "a pipe can be read once only", str(path))
        content = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise OSError(errno.EFBIG, f"longer than {_MOST_BYTES:,} bytes", str(path))
    return content.decode("utf-8-sig")


def write_whole(path: Path, content: str | bytes, *, mode: int | None = None) -> None:
    """Replace a file in one step: whoever reads it finds the old content or the new one, also after a power cut.

    Args:
        path: the file; a link is replaced by a file.
        content: text is written in UTF-8.
        mode: rights of the file, whatever the umask; without it they are what the umask leaves of rw-rw-rw-.

    Raises:
        OSError: it cannot be written; the old file is still there.
    """
    # No process id: containers that share a folder have the same.
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _ANYBODY if mode is None else mode)
        with os.fdopen(descriptor, "wb") as file:
            if mode is not None:
                os.fchmod(descriptor, mode)
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(descriptor)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def check_folder(folder: Path) -> None:
    """Make sure that the folder is there and has room for a little more.

    Raises:
        TryLater: the disk is full.
        StopProgram: the folder cannot be made, or this user may not write in it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder, buffering=0) as probe:
            probe.write(bytes(_PROBE_BYTES))
    except OSError as error:
        problem = f"nothing can be kept in {folder}: {error.strerror}"
        if error.errno in _NO_ROOM:
            raise TryLater(f"{problem}; make room on the disk") from error
        raise StopProgram(
            f"{problem}. Set STATE_DIR to a folder on a local disk that this user may write."
        ) from error
