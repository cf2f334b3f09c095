"""The folder that is kept between runs: the engine's packages, its images and its build cache.

Two processes of pytest-xdist each start an engine. The second has a folder of its own, because no two engines can share
one; it begins as a copy of the first.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.support.containers.machine import ContainersNotRun

_DATA = "data-"
_UNFINISHED = "unfinished-"
_WORKER, _FIRST = "PYTEST_XDIST_WORKER", "gw0"
_COPY_SECONDS = 600.0


def cache_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """`cryptoboy/containers` in XDG_CACHE_HOME, or in ~/.cache; `containers-second` for a second engine."""
    base = environ.get("XDG_CACHE_HOME") or Path(environ.get("HOME") or "/root") / ".cache"
    first = environ.get(_WORKER, _FIRST) == _FIRST
    return Path(base) / "cryptoboy" / ("containers" if first else "containers-second")


def fill_second_cache(
    recipe: str, say: Callable[[str], None], environ: Mapping[str, str] = os.environ
) -> None:
    """Copy packages and images of this recipe for a second engine that has none, so that it need not build them.

    No engine may use either folder; another run that does is waited for.

    Raises:
        ContainersNotRun: a folder cannot be made, or the copy fails.
    """
    first, second = (cache_folder({**environ, _WORKER: name}) for name in (_FIRST, "gw1"))
    with locked(first, say), locked(second, say):
        for source in (*first.glob("packages-*"), first / f"{_DATA}{recipe}"):
            if not source.is_dir() or (second / source.name).exists():
                continue
            say(f"the second engine gets a copy of {source}")
            unfinished = second / f"{_UNFINISHED}{source.name}"
            shutil.rmtree(unfinished, ignore_errors=True)
            # With the devices and attributes that image layers consist of.
            command = ["cp", "--archive", "--reflink=auto", str(source), str(unfinished)]
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_COPY_SECONDS)
            if done.returncode:
                shutil.rmtree(unfinished, ignore_errors=True)
                raise ContainersNotRun(f"{source} cannot be copied for a second engine: {done.stderr[-600:]}")
            unfinished.rename(second / source.name)


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
