"""Starts the command line of an installed wheel, in which this module is `cryptoboy/__init__.py`.

A wheel contains the folders of the checkout below the package `cryptoboy`, because `services` is too general a name
for a package in an environment that others share. The command therefore replaces this process by one that has these
folders on its path, as the script `./cryptoboy` does.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path


def code_folder(package: Path) -> Path:
    """The folder of the code: the package, or the checkout if it was installed in editable mode (`pip install -e`)."""
    if (package / "services").is_dir():
        return package
    found = find_spec("services")
    return package if found is None or found.origin is None else Path(found.origin).parents[1]


def environment(root: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of the command line whose code is in `root`.

    Relative entries of PYTHONPATH are removed: they depend on the current folder, to which others may write.
    """
    given = [entry for entry in environ.get("PYTHONPATH", "").split(os.pathsep) if Path(entry).is_absolute()]
    ours = {"PYTHONPATH": os.pathsep.join([str(root), str(root / "user_data" / "strategies"), *given])}
    # PYTHONINSPECT asks for commands at the end of each program, whose exit status is lost.
    return {name: value for name, value in environ.items() if name != "PYTHONINSPECT"} | ours


def main() -> None:
    """Replace this process by the command line, with the same arguments."""
    root = code_folder(Path(__file__).resolve().parent)
    if os.pathsep in str(root):
        sys.exit(
            f"cryptoboy: {root} has a {os.pathsep} in its path, which separates the folders that Python searches. "
            "Install it elsewhere."
        )
    command = [sys.executable, "-P", "-m", "services.cli", *sys.argv[1:]]
    os.execve(sys.executable, command, environment(root, os.environ))  # noqa: S606 - our own program, no shell
