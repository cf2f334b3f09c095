"""What the machine must have so that an engine can be started on it, and the programs that are installed for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

TOOLS = {
    "runc": "runc",
    "iptables": "iptables",
    "slirp4netns": "slirp4netns",
    "mmdebstrap": "mmdebstrap",
    "nsenter": "util-linux",
    "unshare": "util-linux",
    "ip": "iproute2",
}
"""Program -> Debian package. They come from the machine's own release, because they must fit its C library."""
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
INSTALL_SECONDS = 300


class ContainersNotRun(Exception):  # noqa: N818 - nothing failed: nothing was tested
    """No engine can be used here; the message says why. Nothing was tested."""


def check_machine(environ: Mapping[str, str] = os.environ) -> None:
    """Raise ContainersNotRun unless an engine can be started here: Linux, root and Debian's package tools."""
    if sys.platform != "linux":
        raise ContainersNotRun(f"an engine can only be started on Linux, and this is {sys.platform}")
    if os.geteuid() != 0:
        raise ContainersNotRun("an engine can only be started by root")
    for program in ("apt-get", "dpkg-deb"):
        if shutil.which(program, path=path_of(environ)) is None:
            raise ContainersNotRun(f"there is no {program} here: the engine comes from Debian's packages")


def install_tools(environ: Mapping[str, str] = os.environ) -> None:
    """Install the programs of TOOLS that are missing, with apt-get.

    Raises:
        ContainersNotRun: they cannot be installed.
    """
    missing = {
        package for program, package in TOOLS.items() if not shutil.which(program, path=path_of(environ))
    }
    if missing:
        options = {**environ, "DEBIAN_FRONTEND": "noninteractive"}
        obtain(["apt-get", "-qq", "update"], options)
        obtain(["apt-get", "-qq", "install", "--yes", "--no-install-recommends", *sorted(missing)], options)


def path_of(environ: Mapping[str, str]) -> str:
    """PATH, or the system's where it is unset."""
    return environ.get("PATH", SYSTEM_PATH)


def obtain(command: list[str], environ: Mapping[str, str], folder: Path | None = None) -> str:
    """Run a command that needs a package registry and return what it prints.

    Raises:
        ContainersNotRun: it failed, which says more about the machine than about the project.
    """
    try:
        done = subprocess.run(
            command,
            env=dict(environ),
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=INSTALL_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ContainersNotRun(f"{command[0]}: {error}") from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-600:]
        raise ContainersNotRun(f"`{' '.join(command[:4])} ...` ended with {done.returncode}: {said}")
    return done.stdout
