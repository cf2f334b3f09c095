"""Records in the folder of an environment which lock files are installed in it.

`.installed-NAME.lock` is a copy of requirements/NAME.lock, written when all its packages are installed. While the
record is there, they stay installed in these versions: an installation that would change the version of one takes the
record away first (its name then ends with `.suspended`), and leaves the packages of all other records alone.
`.installing-NAME` is there from the beginning of an installation to its end: if the installation was stopped, packages
that are in no record may be incomplete.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from services.cli.bootstrap.advice import FullDiskError, InstallError

BEGUN = ".installing-"
_OF_EARLIER_VERSIONS = ".installed.lock"
_EACH_PACKAGE = re.compile(r"^(?=[\w.-]+==)", re.MULTILINE)
_NAME_AND_VERSION = re.compile(r"([\w.-]+)==([^\s;]+)")


class Pin(NamedTuple):
    """What a lock file says about a package.

    Attributes:
        name: the name of the package.
        version: its version.
        line: both and, if it is not for every machine, the condition.
        text: the line with the hashes, as the lock file has it.
    """

    name: str
    version: str
    line: str
    text: str

    @property
    def package(self) -> str:
        """Name and version, as in `idna==3.11`."""
        return f"{self.name}=={self.version}"

    @property
    def has_condition(self) -> bool:
        """Whether the package is for some machines only."""
        return ";" in self.line


def pins(lock: str) -> list[Pin]:
    """The packages of a lock file, whose text this takes."""
    return [
        Pin(match[1], match[2], text.partition("\\")[0].strip(), text)
        for text in _EACH_PACKAGE.split(lock)
        if (match := _NAME_AND_VERSION.match(text))
    ]


class Stamps:
    """The records in the environment `folder` about the lock files of the checkout `root`."""

    def __init__(self, root: Path, folder: Path) -> None:
        self._locks, self._folder = root / "requirements", folder

    def is_installed(self, name: str) -> bool:
        """Whether the lock file was installed completely, as it is now."""
        stamp = self._stamp(name)
        return stamp.is_file() and stamp.read_bytes() == self._lock(name)

    def any_installed(self) -> bool:
        """Whether some lock file is installed completely, as it was then."""
        return bool(self._installed())

    def was_complete(self) -> bool:
        """Whether some lock file is or was installed completely, so that programs may run in the environment."""
        return self.any_installed() or bool(self._suspended())

    def any_begun(self) -> bool:
        """Whether an installation was begun that has not ended."""
        return any(self._folder.glob(f"{BEGUN}*"))

    def lacking(self, name: str, found: Collection[str]) -> list[Pin]:
        """The packages of the lock file that no record vouches for.

        A package that is for some machines only need not be there, if a record has it with the same condition: then an
        installer has judged the condition on this machine.

        Args:
            name: the name of the lock file.
            found: the packages that the environment seems to have, as in `idna==3.11`.
        """
        recorded = [pin for stamp in self._installed() for pin in pins(stamp.read_text())]
        complete = {pin.package for pin in recorded} & set(found)
        judged = {pin.line for pin in recorded if pin.has_condition}
        return [
            pin
            for pin in pins(self._lock(name).decode())
            if pin.package not in complete and pin.line not in judged
        ]

    def record(self, name: str) -> None:
        """Write that the lock file is installed. Raises OSError if the folder cannot be written."""
        self._stamp(name).write_bytes(self._lock(name))

    @contextmanager
    def installing(self, name: str) -> Iterator[None]:
        """Record that the lock file is being installed and, if the context is left without an error, that it was.

        Meanwhile, and afterwards, no lock file that has another version of a package counts as installed. An
        InstallError brings these records back: an installer that fails changes nothing, unless the disk is full.
        """
        begun = self._folder / f"{BEGUN}{name}"
        was_begun = begun.exists()
        begun.touch()
        wanted = _versions(self._lock(name).decode())
        # Renamed and not written anew, which a full disk would not let us do.
        others = {
            path: path.rename(path.with_suffix(".suspended"))
            for path in self._installed()
            if _differ(wanted, _versions(path.read_text()))
        }
        try:
            yield
        except InstallError as error:
            for before, now in others.items():
                now.rename(before)
            if not was_begun and not isinstance(error, FullDiskError):
                begun.unlink()
            raise
        self.record(name)
        for path in self._suspended():
            path.unlink()
        begun.unlink()

    def _installed(self) -> list[Path]:
        earlier = self._folder / _OF_EARLIER_VERSIONS
        return [*self._folder.glob(".installed-*.lock"), *([earlier] if earlier.is_file() else [])]

    def _suspended(self) -> list[Path]:
        return list(self._folder.glob(".installed*.suspended"))

    def _stamp(self, name: str) -> Path:
        return self._folder / f".installed-{name}.lock"

    def _lock(self, name: str) -> bytes:
        return (self._locks / f"{name}.lock").read_bytes()


def _versions(lock: str) -> dict[str, set[str]]:
    versions: dict[str, set[str]] = {}
    for pin in pins(lock):
        versions.setdefault(pin.name, set()).add(pin.version)
    return versions


def _differ(one: dict[str, set[str]], other: dict[str, set[str]]) -> bool:
    return any(one[name] != other[name] for name in one.keys() & other.keys())
