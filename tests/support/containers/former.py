"""A clone of the project at a former version, whose upstream then gets the tree under test."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from services.common.settings.settings import PROJECT_ROOT
from tests.support.containers.checkout import copy_checkout
from tests.support.containers.engine import Engine

FORMER = "ca347e83c16d9376676ceb00c3fa0f857953f7eb"
"""The commit from which the upgrade is tried."""

_AUTHOR = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "tests"), ("EMAIL", "tests@localhost"))
}


class FormerVersion:
    """An operator's clone, on the branch `main` of a bare repository beside it.

    Attributes:
        folder: the clone.
        commit: the former version.
    """

    def __init__(self, beside: Path, commit: str) -> None:
        self.folder, self.commit = beside / "clone", commit
        self._upstream, self._copy = beside / "upstream.git", beside / "copy"
        assert is_known(commit), (
            f"{PROJECT_ROOT} has no commit {commit}, so no upgrade from it can be tried: its history is not complete. "
            "Get all of it with `git fetch --unshallow`."
        )
        _git(beside, "clone", "--quiet", "--bare", "--shared", str(PROJECT_ROOT), str(self._upstream))
        _git(self._upstream, "update-ref", "refs/heads/main", commit)
        _git(beside, "clone", "--quiet", "--branch", "main", str(self._upstream), str(self.folder))

    def further_packages(self, engine: Engine) -> Path:
        """A folder with the packages of the former version that this version needs no more."""
        folder = self.folder.parent / "packages"
        lock = (self.folder / "requirements.lock").read_text()
        # With the markers that say for which systems a package is.
        locked = re.findall(r"^([\w.-]+)(==[^\\\n]+)", lock, re.MULTILINE)
        missing = [f"{name}{version}" for name, version in locked if not _is_installed(name)]
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--only-binary=:all:"]
        command = engine.command_on_the_host(*pip, "--target", str(folder), *missing)
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return folder

    def publish_tree_under_test(self) -> None:
        """Make the next `git pull` in the clone bring the tree under test, uncommitted changes included."""
        self._copy.mkdir()
        copy_checkout(self._copy)
        beside = ("--git-dir", str(self._upstream), "--work-tree", str(self._copy))
        _git(self._copy, *beside, "add", "--all")
        tree = _git(self._copy, *beside, "write-tree").strip()
        parent = _git(PROJECT_ROOT, "rev-parse", "HEAD").strip()
        made = _git(self._copy, *beside, "commit-tree", "-p", parent, "-m", "The tree under test", tree)
        _git(self._upstream, "update-ref", "refs/heads/main", made.strip())


def is_known(commit: str) -> bool:
    """Whether the checkout's history has this commit; one that was cloned without its history has not."""
    return _git(PROJECT_ROOT, "cat-file", "-t", commit, check=False).strip() == "commit"


def _is_installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True


def _git(folder: Path, *arguments: str, check: bool = True) -> str:
    environ = {**os.environ, **_AUTHOR}
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0 or not check, f"git {' '.join(arguments)}: {done.stderr}"
    return done.stdout
