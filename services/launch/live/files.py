"""Checks whether other users of this machine can read or replace the files with secrets, or STATE_DIR."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from services.common.settings.names import SUFFIX
from services.common.settings.secrets import secret_variables
from services.common.settings.settings import Settings
from services.common.settings.sources import default_env_file, read_env_file, texts_of
from services.launch.live.findings import Finding, fault

_OF_OTHERS = 0o077
_WRITABLE_BY_OTHERS = 0o022
_KEY_FILE = "_KEY_FILE"
_HANDED_OVER = Path("/run/secrets")
"""Where Docker and Kubernetes put secrets: inside the container, whose users can all read them."""


def file_findings(environ: Mapping[str, str]) -> list[Finding]:
    """Check the `.env` file, and every file that a secret or a private key is read from.

    The `.env` file must be readable by its owner only, whatever its contents. A file with one secret may have wider
    permissions if no other user can enter its folder; the files of `secrets init` are of this kind.
    """
    env_file = default_env_file(environ)
    found: list[Finding] = []
    if env_file is not None and env_file.exists():
        found += _findings(".env", env_file, may_rely_on_folder=False)
    for variable, path in _secret_files(environ, env_file):
        if path.exists() and not _is_handed_over(path, environ):
            found += _findings(variable, path, may_rely_on_folder=True)
    return found


def folder_findings(state_dir: Path) -> list[Finding]:
    """Check that no other user can replace STATE_DIR, and with it the configuration with which Freqtrade restarts."""
    path = state_dir.absolute()
    above = {*path.parents, *path.resolve().parents}
    return [
        fault(
            f"STATE_DIR={state_dir} can be replaced by others, who own or may write {folder}",
            f"ls -ld {folder}, and close it or choose another STATE_DIR",
        )
        for folder in sorted(above)
        if not _is_safe_above(folder)
    ]


def _secret_files(environ: Mapping[str, str], env_file: Path | None) -> Iterator[tuple[str, Path]]:
    names = Settings.variables()
    given = texts_of(read_env_file(env_file), names) if env_file is not None else {}
    given |= texts_of(environ, names)
    of_secrets = {name + SUFFIX for name in secret_variables(Settings.model_fields)}
    for name in sorted(given):
        if name in of_secrets or name.endswith(_KEY_FILE):
            yield name, Path(given[name])


def _is_handed_over(path: Path, environ: Mapping[str, str]) -> bool:
    folders = [_HANDED_OVER]
    if by_systemd := environ.get("CREDENTIALS_DIRECTORY"):
        folders.append(Path(by_systemd))
    return any(path.is_relative_to(folder) for folder in folders)


def _is_safe_above(folder: Path) -> bool:
    """Whether no other user can replace a subfolder of `folder`."""
    try:
        found = folder.stat()
    except OSError:
        return True  # the file in it was checked
    is_open = found.st_mode & stat.S_IWOTH and not found.st_mode & stat.S_ISVTX
    return not is_open and found.st_uid in {os.geteuid(), 0}


def _findings(name: str, path: Path, *, may_rely_on_folder: bool) -> Iterator[Finding]:
    """Check the file and, if it is a link, its target too."""
    target = path.resolve()
    shown = f"{name}={path}" if name.endswith(SUFFIX) else str(path)
    try:
        of_file = target.stat()
        folders = {folder: folder.stat() for folder in (path.absolute().parent, target.parent)}
        owners = {of_file.st_uid, path.lstat().st_uid, *(each.st_uid for each in folders.values())}
    except OSError as error:
        yield fault(f"{shown} cannot be checked ({error.strerror})", f"ls -l {target}, and make it yours")
        return
    is_closed = not folders[target.parent].st_mode & _OF_OTHERS
    if of_file.st_mode & _OF_OTHERS and not (may_rely_on_folder and is_closed):
        mode = stat.S_IMODE(of_file.st_mode)
        yield fault(f"{shown} can be read or written by others (mode {mode:04o})", f"chmod 600 {target}")
    above = {*path.absolute().parent.parents, *target.parent.parents} - folders.keys()
    for folder in sorted(above):
        if not _is_safe_above(folder):
            yield fault(
                f"{shown} can be replaced by others, who own or may write {folder}",
                f"ls -ld {folder}, and close it",
            )
    for folder, found in folders.items():
        # In a folder with the sticky bit only its owner can rename or delete a file.
        if found.st_mode & _WRITABLE_BY_OTHERS and not found.st_mode & stat.S_ISVTX:
            yield fault(f"{shown} can be replaced by others, as {folder} can", f"chmod go-w {folder}")
    if not owners <= {os.geteuid(), 0}:
        yield fault(
            f"{shown}, or the folder it is in, belongs to another user",
            f"chown it to the user that runs this: ls -ld {path} {target} {target.parent}",
        )
