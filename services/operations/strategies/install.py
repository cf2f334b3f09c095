"""Installs the package `cryptoboy_sentiment` in Freqtrade's user directory, and brings an installed copy up to date.

Freqtrade imports the package from the folder of strategies, so the copy needs no installation in Freqtrade's Python
environment.
"""

from __future__ import annotations

import re
import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path

from services.common.errors import StopProgram
from services.common.files import write_whole
from services.operations.strategies.copies import (
    PACKAGE,
    RECORD,
    SOURCE,
    Copy,
    copy_in,
    record,
    strategies_of,
    this_package,
)

_FOLDER_MODE, _FILE_MODE = 0o755, 0o644  # Freqtrade may run as another user, as in its container
_SHOWN = 5
_OURS = re.compile(rf"\.{PACKAGE}\.[0-9a-f]{{32}}\.(part|former)")


@dataclass(frozen=True, slots=True)
class Installed:
    """The result of `install`.

    Attributes:
        folder: the copy of the package.
        version: its version.
        before: the version of the copy that was there; None if there was none.
        written: whether anything was written; False if the copy was up to date.
    """

    folder: Path
    version: str
    before: str | None
    written: bool


def install(user_data: Path, *, replace: bool = False) -> Installed:
    """Copy the package into `user_data`/strategies, or replace the copy there; the copy is whole at any time.

    Args:
        user_data: Freqtrade's user directory. Its folder `strategies` is made if it is missing.
        replace: whether a copy that was changed by hand, or made by hand, is replaced too.

    Raises:
        StopProgram: there is no such directory, it cannot be written, something else has the package's name, or the
            copy was changed by hand and `replace` is False. The directory is then unchanged.
    """
    strategies = strategies_of(user_data)
    package, before = this_package(), copy_in(strategies)
    folder = strategies / PACKAGE
    if before and before.files == package.files and before.recorded == package.files:
        return Installed(folder, package.version, before.version, written=False)
    if before and before.files != package.files and not replace:
        _refuse_changes(folder, before)
    try:
        strategies.mkdir(exist_ok=True)
        _replace(folder, package)
    except OSError as error:
        raise StopProgram(
            f"{strategies} cannot be written ({error.strerror}): run this as the user who owns it, or make room"
        ) from error
    return Installed(folder, package.version, before.version if before else None, written=True)


def _refuse_changes(folder: Path, copy: Copy) -> None:
    changed = copy.changed_by_hand()
    if copy.recorded is None:
        raise StopProgram(
            f"{folder} (version {copy.version}) was copied by hand, so changes of yours in it would not be noticed; "
            "--replace replaces it"
        )
    if changed:
        names = ", ".join(changed[:_SHOWN]) + (" ..." if len(changed) > _SHOWN else "")
        raise StopProgram(
            f"{folder} has changes of yours, which would be lost: {names}. Keep them elsewhere; --replace then "
            "replaces the folder"
        )


def _replace(folder: Path, package: Copy) -> None:
    """Write the package beside the folder and swap the two by renaming.

    Raises:
        OSError: this failed, and the folder is as it was.
    """
    run = uuid.uuid4().hex
    draft, former = (folder.with_name(f".{PACKAGE}.{run}.{kind}") for kind in ("part", "former"))
    try:
        _write(draft, package)
        if folder.exists():
            folder.rename(former)
        try:
            draft.rename(folder)
        except OSError:
            if former.exists():
                former.rename(folder)
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    # Also what a run that was killed has left. Folders of the user have other names.
    for left in [*folder.parent.iterdir()]:
        if _OURS.fullmatch(left.name):
            shutil.rmtree(left, ignore_errors=True)


def _write(draft: Path, package: Copy) -> None:
    draft.mkdir()
    for name in package.files:
        target = draft / name
        target.parent.mkdir(parents=True, exist_ok=True)
        write_whole(target, (SOURCE / name).read_bytes(), mode=_FILE_MODE)
    write_whole(draft / RECORD, record(package), mode=_FILE_MODE)
    for each in (draft, *(path for path in draft.rglob("*") if path.is_dir())):
        each.chmod(_FOLDER_MODE)
