"""Records in the folder of an environment which lock files of the checkout are installed in it.

`.installed-NAME.lock` is a copy of requirements/NAME.lock, written when all its packages are installed.
`.installing-NAME` is there from the beginning of an installation to its success: if the installation was killed, the
packages may be incomplete.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.cli.bootstrap.advice import InstallError

BEGUN = ".installing-"
_OF_EARLIER_VERSIONS = ".installed.lock"


class Stamps:
    """The records in the environment `folder` about the lock files of the checkout `root`."""

    def __init__(self, root: Path, folder: Path) -> None:
        self._locks, self._folder = root / "requirements", folder

    def is_installed(self, name: str) -> bool:
        """Whether the lock file was installed completely, as it is now."""
        stamp = self._stamp(name)
        return stamp.is_file() and stamp.read_bytes() == self._lock(name)

    def any_installed(self) -> bool:
        """Whether some lock file was installed completely, as it was then."""
        return bool(self._installed()) or (self._folder / _OF_EARLIER_VERSIONS).is_file()

    def any_begun(self) -> bool:
        """Whether an installation was begun that has not succeeded."""
        return any(self._folder.glob(f"{BEGUN}*"))

    def record(self, name: str) -> None:
        """Write that the lock file is installed. Raises OSError if the folder cannot be written."""
        self._stamp(name).write_bytes(self._lock(name))

    @contextmanager
    def installing(self, name: str) -> Iterator[None]:
        """Record that the lock file is being installed and, if the context is left without an error, that it was.

        Meanwhile no other lock file counts as installed, because it has packages in common with this one. An
        InstallError brings their records back: an installer that fails changes nothing.
        """
        begun = self._folder / f"{BEGUN}{name}"
        begun.touch()
        (self._folder / _OF_EARLIER_VERSIONS).unlink(missing_ok=True)
        self._stamp(name).unlink(missing_ok=True)
        # Renamed and not written anew, which a full disk would not let us do.
        others = {path: path.rename(path.with_suffix(".suspended")) for path in self._installed()}
        try:
            yield
        except InstallError:
            _rename_back(others)
            raise
        _rename_back(others)
        self.record(name)
        begun.unlink()

    def _installed(self) -> list[Path]:
        return list(self._folder.glob(".installed-*.lock"))

    def _stamp(self, name: str) -> Path:
        return self._folder / f".installed-{name}.lock"

    def _lock(self, name: str) -> bytes:
        return (self._locks / f"{name}.lock").read_bytes()


def _rename_back(renamed: dict[Path, Path]) -> None:
    for before, now in renamed.items():
        now.rename(before)
