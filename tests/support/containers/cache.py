"""The folder that is kept between runs: the engine's packages, its images and its build cache."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.support.containers.machine import ContainersNotRun

_DATA = "data-"


def cache_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """`cryptoboy/containers` in XDG_CACHE_HOME, or in ~/.cache."""
    base = environ.get("XDG_CACHE_HOME") or Path(environ.get("HOME") or "/root") / ".cache"
    return Path(base) / "cryptoboy" / "containers"


@contextmanager
def locked(folder: Path, say: Callable[[str], None]) -> Iterator[Path]:
    """Make the folder and keep it to this process for the block, waiting for another run that has it.

    Raises:
        ContainersNotRun: the folder cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("w")
    except OSError as error:
        raise ContainersNotRun(f"the folder for packages and images cannot be used: {error}") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting for another run, which uses {folder}")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


def data_folder(cache: Path, recipe: str) -> Path:
    """Where the engine keeps the images of this recipe; the data of other recipes is removed."""
    wanted = cache / f"{_DATA}{recipe}"
    for other in cache.glob(f"{_DATA}*"):
        if other != wanted:
            shutil.rmtree(other, ignore_errors=True)
    wanted.mkdir(exist_ok=True)
    return wanted
