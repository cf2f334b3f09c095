"""Compares a copy of `cryptoboy_sentiment` in a folder of strategies with the package of this installation."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

from services.common.errors import StopProgram
from services.common.settings.folders import STRATEGIES

PACKAGE = "cryptoboy_sentiment"
SOURCE = STRATEGIES / PACKAGE
RECORD = "installed.json"
"""The file in an installed copy that lists the files as they were installed, so that changes by hand are noticed."""
_VERSION = re.compile(r'^VERSION = "([^"]+)"', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of the package.

    Attributes:
        version: the version in its version.py.
        files: the SHA-256 digest of each file by its path in the folder, without RECORD and compiled files.
        recorded: the same as it was installed; None if the folder was copied by hand.
    """

    version: str
    files: dict[str, str]
    recorded: dict[str, str] | None = None

    def changed_by_hand(self) -> list[str]:
        """The files that were changed, added or removed since the installation; all if there is no record of it."""
        before = self.recorded or {}
        return sorted(
            name for name in self.files.keys() | before.keys() if self.files.get(name) != before.get(name)
        )


def strategies_of(user_data: Path) -> Path:
    """The folder of strategies in Freqtrade's user directory; it need not exist yet.

    Raises:
        StopProgram: there is no such directory, or it is the folder of strategies itself.
    """
    if not user_data.is_dir():
        raise StopProgram(
            f"--user-data {user_data}: there is no such directory. Name the one that your bot uses, or let Freqtrade "
            f"make it: freqtrade create-userdir --userdir {user_data}"
        )
    if user_data.resolve().name == "strategies" and not (user_data / "strategies").exists():
        raise StopProgram(
            f"--user-data {user_data} is the folder of strategies; name the directory above: "
            f"{user_data.resolve().parent}"
        )
    return user_data / "strategies"


def this_package() -> Copy:
    """The package of this installation."""
    return Copy(_version_of(SOURCE) or "", _digests(SOURCE))


def copy_in(strategies: Path) -> Copy | None:
    """The copy in a folder of strategies; None if there is none.

    Raises:
        StopProgram: what has the package's name there is a link, no folder, or another package.
    """
    folder = strategies / PACKAGE
    if folder.is_symlink():
        raise StopProgram(
            f"{folder} is a symbolic link to {folder.readlink()}, so it is kept up to date there. Remove the link to "
            "have a copy instead"
        )
    if not folder.exists():
        return None
    version = _version_of(folder)
    if version is None:
        raise StopProgram(f"{folder} is not a copy of CryptoBoy's package; rename or remove it first")
    return Copy(version, _digests(folder), _record_of(folder))


def record(package: Copy) -> str:
    """The content of RECORD for this package."""
    return (
        json.dumps({"package": PACKAGE, "version": package.version, "files": package.files}, indent=1) + "\n"
    )


def _version_of(folder: Path) -> str | None:
    try:
        start = (folder / "__init__.py").read_text(encoding="utf-8")
        found = _VERSION.search((folder / "version.py").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return None
    return found[1] if found and f"from {PACKAGE}." in start else None


def _digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts and path.name != RECORD
    }


def _record_of(folder: Path) -> dict[str, str] | None:
    try:
        files = json.loads((folder / RECORD).read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return files if isinstance(files, dict) else None
