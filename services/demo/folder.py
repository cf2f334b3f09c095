"""Makes the folder of a demo, and keeps or removes it at the end."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from services.common.errors import CryptoBoyError, StopProgram
from services.launch.ending import uninterrupted

# The files of the longest demo take about a third of it.
ROOM_BYTES = 50_000_000
_FULL_BYTES = 1_000_000


class DemoFailed(CryptoBoyError):  # noqa: N818 - as the other errors
    """A demo did not achieve its purpose."""


@contextmanager
def demo_folder(asked: Path | None, tell: Callable[[str], None]) -> Iterator[Path]:
    """Yield a new folder for the logs and data of a run: `asked`, or a temporary folder if `asked` is None.

    The folder `asked` is kept. A temporary folder is removed at the end, unless the run failed and has logs. `tell`
    shows a message.

    Raises:
        StopProgram: the disk is full, the folder cannot be made, or the folder is not empty.
    """
    made: list[Path] = []
    try:
        with uninterrupted():
            made.append(_made(asked))
        yield made[0]
    except KeyboardInterrupt:
        for folder in made:
            with uninterrupted():
                _end(folder, tell, keep=asked is not None, stopped=True)
        raise
    except CryptoBoyError as error:
        for folder in made:
            if any(folder.glob("logs/*")):
                tell(f"the logs are kept in {folder}/logs")
            else:
                _end(folder, tell, keep=asked is not None)
            if shutil.disk_usage(folder.parent).free < _FULL_BYTES:
                raise StopProgram(_no_room(folder, asked)) from error
        raise
    with uninterrupted():
        _end(made[0], tell, keep=asked is not None)


def _made(asked: Path | None) -> Path:
    if asked is None:
        try:
            folder = Path(tempfile.mkdtemp(prefix="cryptoboy-demo-")).resolve()
        except OSError as error:
            raise StopProgram(
                f"no folder for the demo's logs and data can be made: {error.strerror or error}. "
                "Name one with room that can be written to: TMPDIR=DIR, or --run-dir DIR"
            ) from error
    else:
        folder = asked.resolve()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            is_new = not any(folder.iterdir())
        except OSError as error:
            raise StopProgram(f"--run-dir {folder} cannot be used: {error.strerror}") from error
        if not is_new:
            raise StopProgram(
                f"--run-dir {folder} is not empty; name a new folder, so that no run mixes with another"
            )
    if shutil.disk_usage(folder).free < ROOM_BYTES:
        folder.rmdir()
        raise StopProgram(_no_room(folder, asked))
    return folder


def _no_room(folder: Path, asked: Path | None) -> str:
    free = shutil.disk_usage(folder.parent).free / 1e6
    return (
        f"the disk of {folder.parent} is full: {free:.0f} MB are free, and the demo's logs and data need up to "
        f"{ROOM_BYTES / 1e6:.0f}. Make room, or name a folder elsewhere: "
        + ("--run-dir DIR" if asked else "TMPDIR=DIR, or --run-dir DIR")
    )


def _end(folder: Path, tell: Callable[[str], None], *, keep: bool, stopped: bool = False) -> None:
    if keep:
        tell(f"logs and data are kept in {folder}")
        return
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        tell(f"{folder} could not be removed; it holds the demo's logs and data")
    elif stopped:
        tell("its logs and data were removed; --run-dir DIR keeps them")
