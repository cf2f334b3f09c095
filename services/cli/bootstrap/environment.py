"""Makes and fills the virtual environment, and finds out its state.

The state is visible in the folder itself. The file OWNED is written first, into an empty folder; what is installed is
recorded last (`Stamps`). An environment grows: commands need different lock files, whose versions agree, and no package
is removed. Programs may be running in it, so an installation leaves alone what another command needs and has, also if
it fails or is stopped.

A folder that this module made is emptied and made again if its Python does not run, or if it has no working pip and
nothing was ever recorded. Any other folder is never emptied, unless it contains only files that every new environment
has. Packages that may be incomplete are installed again.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from services.cli.bootstrap.advice import FullDiskError, InstallError, how_to_get_pip, say
from services.cli.bootstrap.installers import Runner, pip_of_the_machine, succeeds, take_back_pip_settings
from services.cli.bootstrap.sources import only_wheels
from services.cli.bootstrap.stamps import BEGUN, Pin, Stamps, pins

OWNED = ".made-by-cryptoboy"
_TOP_OF_A_NEW_ENVIRONMENT = {
    OWNED,
    "bin",
    "include",
    "lib",
    "lib64",
    "share",
    "pyvenv.cfg",
    "pip.conf",
    ".gitignore",
}
_PACKAGES_OF_A_NEW_ENVIRONMENT = (
    "pip", "setuptools", "pkg_resources", "wheel", "_distutils_hack", "distutils-precedence", "uv", "__pycache__", "~",
)  # fmt: skip
_TELL_VERSIONS = """
import importlib.metadata, sys
for name in sys.stdin.read().split():
    try:
        print(f"{name}=={importlib.metadata.version(name)}")
    except importlib.metadata.PackageNotFoundError:
        pass
"""


class Environment:
    """The environment in `folder`, for the lock file `lock` of the checkout `root`."""

    def __init__(self, root: Path, folder: Path, lock: str) -> None:
        self._root, self._folder, self._lock = root, folder, lock
        self._python = str(folder / "bin/python")
        self._stamps = Stamps(root, folder)
        self._lock_file = root / "requirements" / f"{lock}.lock"
        self._tools_lock = root / "requirements" / "bootstrap.lock"

    def has_all(self) -> bool:
        """Whether the environment has every package of the lock file, whichever lock file it was installed for."""
        if not self._stamps.any_installed() or not self._runs():
            return False
        if not self._stamps.is_installed(self._lock):
            if self._lacking():
                return False
            with suppress(OSError):  # the environment may be one that others share, and only read
                self._stamps.record(self._lock)
        return True

    def complete(self, runner: Runner) -> None:
        """Make or update the environment, unless another call has done so in the meantime.

        Raises:
            InstallError: the environment cannot be made, or this folder cannot be used for it.
        """
        if self.has_all():
            return
        say(
            f"installing into {self._folder} what this command needs (first use, or {self._lock}.lock changed); "
            "this takes a minute or two"
        )
        is_new = self._is_to_be_made()
        is_sound = self._stamps.any_installed() and not self._stamps.any_begun()
        if is_new:
            self._make(runner)
        try:
            with self._stamps.installing(self._lock):
                if is_new or is_sound:
                    self._install(runner, self._lock_file, reinstall=False)
                else:
                    with self.lock_of_lacking() as lock:
                        self._install(runner, lock, reinstall=True)
        except FullDiskError:
            if is_new:
                _empty(self._folder)
            raise
        if os.access(self._root / "services", os.W_OK):
            folders = [str(self._root / name) for name in ("services", "user_data/strategies")]
            runner.run([self._python, "-I", "-m", "compileall", "-q", *folders])

    @contextmanager
    def lock_of_lacking(self) -> Iterator[Path]:
        """A lock file of the packages that no record vouches for; after a stopped installation they may be incomplete.

        To be installed without dependencies, all of which the whole lock file has.
        """
        with tempfile.NamedTemporaryFile("w", suffix=".lock") as lock:
            lock.writelines(pin.text for pin in self._lacking())
            lock.flush()
            yield Path(lock.name)

    def _is_to_be_made(self) -> bool:
        if not any(path.is_file() for path in self._folder.rglob("*")):
            return True
        is_bare = self._is_bare()
        if is_bare or (self._folder / OWNED).is_file():
            if self._stamps.was_complete():
                return not self._runs()
            return is_bare or not succeeds([self._python, "-I", "-m", "pip", "--version"])
        if not (self._folder / "pyvenv.cfg").is_file():
            raise InstallError(
                f"{self._folder} is neither empty nor a virtual environment. Name another folder in CRYPTOBOY_VENV."
            )
        if not self._runs():
            raise InstallError(
                f"the Python of {self._folder} does not run. Remove that folder, or name another in CRYPTOBOY_VENV."
            )
        return False

    def _is_bare(self) -> bool:
        """Whether the folder contains only what a new environment has, so that emptying it loses nothing."""
        packages = self._folder.glob("lib/python*/site-packages/*")
        names = {path.name for path in self._folder.iterdir() if not path.name.startswith(BEGUN)}
        return names <= _TOP_OF_A_NEW_ENVIRONMENT and all(
            path.name.startswith(_PACKAGES_OF_A_NEW_ENVIRONMENT) for path in packages
        )

    def _make(self, runner: Runner) -> None:
        with_pip = succeeds([sys.executable, "-I", "-c", "import ensurepip"])
        if not with_pip and not shutil.which("uv") and not pip_of_the_machine():
            raise InstallError(how_to_get_pip())
        _empty(self._folder)
        (self._folder / OWNED).touch()
        how = [] if with_pip else ["--without-pip"]
        if runner.run([sys.executable, "-I", "-m", "venv", *how, str(self._folder)]):
            raise InstallError(
                f"no virtual environment could be made in {self._folder}; the lines above say why."
            )
        take_back_pip_settings(self._folder)

    def _install(self, runner: Runner, lock: Path, *, reinstall: bool) -> None:
        """Install uv with pip, and the packages with uv; if uv is missing or fails, install the packages with pip.

        With `reinstall`, packages that are already there are installed again, because they may be incomplete; `lock`
        then need not have the dependencies of its packages.
        """
        pip, uv = self._pip(), shutil.which("uv")
        if not pip and not uv:
            raise InstallError(how_to_get_pip())
        if pip and not self._pip_install(runner, pip, "--quiet", lock=self._tools_lock):
            uv = str(self._folder / "bin/uv")
        if uv:
            again = ["--reinstall", "--no-deps"] if reinstall else []
            command = [
                uv,
                "pip",
                "install",
                "--quiet",
                "--python",
                self._python,
                "--compile-bytecode",
                "--build-constraints",
                str(self._tools_lock),
                *again,
            ]
            failed = runner.run([*command, *_pinned(lock)])
            if not failed and not self._missing():
                return
            say("the fast installer failed; trying pip, which takes longer")
        again = ["--force-reinstall", "--no-deps"] if reinstall else []
        # Source distributions are built with the tools that the first call installed, because an isolated build would
        # fetch tools without hashes.
        build = ["--no-build-isolation", "--use-pep517"]
        if not pip or self._pip_install(runner, pip, *build, *again, lock=lock):
            raise InstallError(
                "the packages could not be installed; the lines above say why. Is the package index reachable? "
                "Has each of them a wheel for this machine? Then run this again."
            )
        if missing := self._missing():
            raise InstallError(
                f"pip has installed {len(missing)} packages elsewhere than in {self._folder}, {missing[0]} for one. "
                "Does its configuration name another place (pip config list)? Take that out, then run this again."
            )

    def _pip(self) -> list[str]:
        own = [self._python, "-I", "-m", "pip"]
        if succeeds([*own, "--version"]):
            return own
        found = pip_of_the_machine()
        return [*found, "--python", self._python] if found else []

    def _pip_install(self, runner: Runner, pip: list[str], *options: str, lock: Path) -> int:
        common = ["--no-input", "--disable-pip-version-check"]
        return runner.run([*pip, "install", *options, *common, *_pinned(lock)])

    def _missing(self) -> list[str]:
        found = self._found()  # without the packages whose condition may be for other machines
        return [pin.name for pin in self._pins() if not pin.has_condition and pin.package not in found]

    def _lacking(self) -> list[Pin]:
        return self._stamps.lacking(self._lock, self._found())

    def _found(self) -> set[str]:
        """The packages of the lock file that the environment has, in the versions that it has."""
        names = " ".join(pin.name for pin in self._pins())
        done = subprocess.run(  # noqa: S603 - its own
            [self._python, "-I", "-c", _TELL_VERSIONS],
            input=names,
            check=True,
            capture_output=True,
            text=True,
        )
        return set(done.stdout.split())

    def _pins(self) -> list[Pin]:
        return pins(self._lock_file.read_text())

    def _runs(self) -> bool:
        return succeeds([self._python, "-I", "-c", ""])


def _pinned(lock: Path) -> list[str]:
    return [*only_wheels(lock), "--require-hashes", "-r", str(lock)]


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
