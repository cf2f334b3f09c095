"""Makes and fills the virtual environment, and finds out its state.

The state is visible in the folder itself. The file OWNED is written first, into an empty folder; the file INSTALLED,
a copy of the lock file, is written last. If a folder that this module made has no working pip, the folder is emptied
and made again; if it already has packages, they are installed again. Any other folder is never emptied, unless it
contains only files that every new environment has.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from services.cli.bootstrap.advice import FullDiskError, InstallError, how_to_get_pip, say
from services.cli.bootstrap.installers import Runner, pip_of_the_machine, succeeds, take_back_pip_settings
from services.cli.bootstrap.sources import only_wheels

OWNED = ".made-by-cryptoboy"
INSTALLED = ".installed.lock"
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
_MISSING_PACKAGES = """
import importlib.metadata, re, sys
for line in open(sys.argv[1]):
    pin = re.match(r"([\\w.-]+)==(\\S+) \\\\", line)  # a line with a condition may be for other machines
    if pin:
        try:
            found = importlib.metadata.version(pin[1])
        except importlib.metadata.PackageNotFoundError:
            found = None
        if found != pin[2]:
            print(pin[1])
"""


class Environment:
    """The environment in `folder`, for the lock files of the checkout `root`."""

    def __init__(self, root: Path, folder: Path, runner: Runner) -> None:
        self._root, self._folder, self._runner = root, folder, runner
        self._python = str(folder / "bin/python")
        self._stamp = folder / INSTALLED
        self._lock_file = root / "requirements.lock"
        self._tools_lock = root / "requirements-bootstrap.lock"

    def complete(self) -> None:
        """Make or update the environment, unless another call has done so in the meantime.

        Raises:
            InstallError: the environment cannot be made, or this folder cannot be used for it.
        """
        wanted = self._lock_file.read_bytes()
        was_complete = self._stamp.is_file()
        if was_complete and self._stamp.read_bytes() == wanted and self._runs():
            return
        say(
            f"installing into {self._folder} (first use, or the lock file changed); this takes a minute or two"
        )
        is_new = self._is_to_be_made()
        if is_new:
            self._make()
        self._stamp.unlink(missing_ok=True)
        try:
            self._install(reinstall=not is_new and not was_complete)
        except FullDiskError:
            if is_new:
                _empty(self._folder)
            raise
        if os.access(self._root / "services", os.W_OK):
            folders = [str(self._root / name) for name in ("services", "user_data/strategies")]
            self._runner.run([self._python, "-I", "-m", "compileall", "-q", *folders])
        self._stamp.write_bytes(wanted)

    def _is_to_be_made(self) -> bool:
        if not any(path.is_file() for path in self._folder.rglob("*")):
            return True
        is_bare = self._is_bare()
        if is_bare or (self._folder / OWNED).is_file():
            if self._stamp.is_file():
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
        return {path.name for path in self._folder.iterdir()} <= _TOP_OF_A_NEW_ENVIRONMENT and all(
            path.name.startswith(_PACKAGES_OF_A_NEW_ENVIRONMENT) for path in packages
        )

    def _make(self) -> None:
        with_pip = succeeds([sys.executable, "-I", "-c", "import ensurepip"])
        if not with_pip and not shutil.which("uv") and not pip_of_the_machine():
            raise InstallError(how_to_get_pip())
        _empty(self._folder)
        (self._folder / OWNED).touch()
        how = [] if with_pip else ["--without-pip"]
        if self._runner.run([sys.executable, "-I", "-m", "venv", *how, str(self._folder)]):
            raise InstallError(
                f"no virtual environment could be made in {self._folder}; the lines above say why."
            )
        take_back_pip_settings(self._folder)

    def _install(self, *, reinstall: bool) -> None:
        """Install uv with pip, and the packages with uv; if uv is missing or fails, install the packages with pip.

        With `reinstall`, packages that are already there are installed again, because they may be incomplete.
        """
        pip, uv = self._pip(), shutil.which("uv")
        if not pip and not uv:
            raise InstallError(how_to_get_pip())
        if pip and not self._pip_install(pip, "--quiet", lock=self._tools_lock):
            uv = str(self._folder / "bin/uv")
        if uv:
            again = ["--reinstall"] if reinstall else []
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
            failed = self._runner.run([*command, *_pinned(self._lock_file)])
            if not failed and not self._missing():
                return
            say("the fast installer failed; trying pip, which takes longer")
        again = ["--force-reinstall"] if reinstall else []
        # Source distributions are built with the tools that the first call installed, because an isolated build would
        # fetch tools without hashes.
        build = ["--no-build-isolation", "--use-pep517"]
        if not pip or self._pip_install(pip, *build, *again, lock=self._lock_file):
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

    def _pip_install(self, pip: list[str], *options: str, lock: Path) -> int:
        common = ["--no-input", "--disable-pip-version-check"]
        return self._runner.run([*pip, "install", *options, *common, *_pinned(lock)])

    def _missing(self) -> list[str]:
        command = [self._python, "-I", "-c", _MISSING_PACKAGES, str(self._lock_file)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()  # noqa: S603 - its own

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
