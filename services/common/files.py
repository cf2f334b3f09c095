"""Reading of data files by the suffix of their name, and the replacement of a whole file in one step."""

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
    """Return whether the file's name says that the file is compressed with gzip."""
    return path.suffix.lower() == _GZIP


def format_suffix(path: Path) -> str:
    """Return the suffix in lower case, ignoring a compression suffix (.csv for NEWS.CSV.GZ), or an empty text."""
    return (path.with_suffix("") if is_gzipped(path) else path).suffix.lower()


def open_text(path: Path) -> TextIO:
    """Open a UTF-8 text file, decompressed, without its byte order mark, with unchanged line ends. Raises OSError."""
    if is_gzipped(path):
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def read_small(path: Path) -> str:
    """Read a UTF-8 file of settings or of one secret, without its byte order mark. The call never blocks.

    Raises:
        OSError: the file cannot be read, is larger than such a file can sensibly be, or is a pipe, which could be
            read only once.
        UnicodeDecodeError: the file is not valid UTF-8 text.
    """
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as file:
        if stat.S_ISFIFO(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "a pipe can be read once only", str(path))
        content = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise OSError(errno.EFBIG, f"longer than {_MOST_BYTES:,} bytes", str(path))
    return content.decode("utf-8-sig")


def write_whole(path: Path, content: str | bytes, *, mode: int | None = None) -> None:
    """Replace a file in one step, so that readers find either the old or the new content, even after a power cut.

    Args:
        path: the file to write. A symbolic link is replaced by a regular file.
        content: the new content. Text is encoded as UTF-8.
        mode: the permissions of the file, regardless of the umask. If None, they are rw-rw-rw- less the umask.

    Raises:
        OSError: the file cannot be written. The old file is then unchanged.
    """
    # A process id is not unique enough: two containers that share a folder may use the same one.
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
    """Make sure that the folder exists and that a small file can be written to it.

    Raises:
        TryLater: the disk is full.
        StopProgram: the folder cannot be made, or this user may not write to it.
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
