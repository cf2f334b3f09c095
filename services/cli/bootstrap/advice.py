"""Messages that say why the environment cannot be made, and what to do next."""

from __future__ import annotations

import errno
import os
import shlex
import shutil
import sys
from pathlib import Path

_FULL = (errno.ENOSPC, errno.EDQUOT)
_NAMES_OF_FULL = tuple(text for number in _FULL for text in (os.strerror(number), f"(os error {number})"))


class InstallError(Exception):
    """The environment cannot be made; the message gives the reason and says what to do."""


class FullDiskError(InstallError):
    """A disk or a quota is full."""


def say(text: str) -> None:
    """Write a message to stderr."""
    sys.stderr.write(f"cryptoboy: {text}\n")


def is_full_disk(error: OSError) -> bool:
    """Whether the error says that a disk or a quota is full."""
    return error.errno in _FULL


def names_full_disk(line: str) -> bool:
    """Whether an installer's line says that a disk or a quota is full."""
    return any(text in line for text in _NAMES_OF_FULL)


def refuse_unusable(folder: Path, *, again: str) -> None:
    """Refuse a folder in which no file can be written or executed.

    Args:
        folder: the folder for the environment.
        again: the command that the user typed, which the advice repeats.

    Raises:
        InstallError: nothing can be written to the folder, or nothing in it can be executed.
    """
    there = _existing(folder)
    advice = f"Name a folder elsewhere: CRYPTOBOY_VENV={shlex.quote(str(_somewhere()))} {again}"
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise InstallError(f"{folder} cannot be made: {there} is no folder that may be written to. {advice}")
    if os.statvfs(there).f_flag & getattr(os, "ST_NOEXEC", 0):
        raise InstallError(
            f"{folder} is on a file system from which nothing may be executed (noexec). {advice}"
        )


def full_disk(folder: Path) -> str:
    """A message with the free space in the folders that an installation writes to, and the space that it needs."""
    cache = os.environ.get("UV_CACHE_DIR") or _cache_folder()
    # tempfile.gettempdir() is not used, because it raises if no folder is writable
    places = dict.fromkeys(
        _existing(Path(path))
        for path in (folder, cache, os.environ.get("TMPDIR") or "/tmp")  # noqa: S108 - the usual default # nosec B108
    )
    free = ", ".join(f"{shutil.disk_usage(path).free / 1e6:,.0f} MB in {path}" for path in places)
    return (
        f"the disk is full, or a quota; free are {free}. The packages of a command need up to 1 GB in {folder}, and as "
        "much in the cache. Make room, then run this again; or name folders on another disk in CRYPTOBOY_VENV, "
        "UV_CACHE_DIR and TMPDIR."
    )


def how_to_get_pip() -> str:
    """A message that says what to do if Python cannot make an environment with pip."""
    package = "python{}.{}-venv".format(*sys.version_info)
    return (
        f"{sys.executable} cannot make virtual environments: it lacks ensurepip, and there is neither uv nor a pip of "
        f"22.3 or newer. Debian and Ubuntu keep it in a package of its own: apt-get install {package}"
    )


def _somewhere() -> Path:
    cache = _cache_folder()
    usable = cache.is_absolute() and os.access(_existing(cache), os.W_OK)
    return (cache if usable else Path("/var/tmp")) / "cryptoboy-venv"  # noqa: S108 - for a person to use or not # nosec B108


def _cache_folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser())


def _existing(path: Path) -> Path:
    return next(place for place in (path, *path.absolute().parents) if place.exists())
