"""Runs pip and uv, chooses the environment variables that they get, and stops them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from services.cli.bootstrap.advice import FullDiskError, full_disk, names_full_disk, say

_SECONDS_TO_STOP = 5

# Settings about how packages are downloaded. All others (user, target, prefix, no-binary ...) are meant for other
# installations: they could put packages into other folders, or exclude packages of the lock file.
_KEPT_OF_PIP = {
    f"PIP_{name}"
    for name in (
        "INDEX_URL", "EXTRA_INDEX_URL", "NO_INDEX", "FIND_LINKS", "TRUSTED_HOST", "CERT", "CLIENT_CERT", "PROXY",
        "TIMEOUT", "DEFAULT_TIMEOUT", "RETRIES", "RESUME_RETRIES", "CACHE_DIR", "NO_CACHE_DIR", "KEYRING_PROVIDER",
        "CONFIG_FILE", "ISOLATED", "USE_FEATURE", "USE_DEPRECATED", "LOG", "VERBOSE",
    )
}  # fmt: skip
_KEPT_OF_UV = tuple(
    f"UV_{name}"
    for name in (
        "INDEX", "DEFAULT_INDEX", "EXTRA_INDEX_URL", "FIND_LINKS", "NO_INDEX", "KEYRING_PROVIDER", "INSECURE_HOST",
        "NATIVE_TLS", "SYSTEM_CERTS", "HTTP_", "REQUEST_TIMEOUT", "CACHE_DIR", "NO_CACHE", "OFFLINE", "CONCURRENT_",
        "LINK_MODE", "CONFIG_FILE", "NO_CONFIG", "CREDENTIALS_DIR",
    )
)  # fmt: skip
# pip reads the file named by PIP_CONFIG_FILE after the environment's own, and variables override these files.
_OVERRULING = {
    "PIP_USER": "0",
    "PIP_REQUIRE_VIRTUALENV": "0",
    "PIP_NO_BINARY": ":none:",
    "PIP_ONLY_BINARY": ":none:",
}
_TAKEN_BACK = (
    "user", "target", "prefix", "root", "python", "require-virtualenv", "no-binary", "only-binary", "constraint",
    "build-constraint", "requirement", "editable", "dry-run", "no-deps", "ignore-installed", "upgrade", "pre",
    "platform", "python-version", "implementation", "abi", "report",
)  # fmt: skip


def installer_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The part of `environ` for pip and uv, with only their settings of indexes, proxies, certificates and caches."""
    kept = {
        name: value
        for name, value in environ.items()
        if not name.startswith(("PIP_", "UV_")) or name in _KEPT_OF_PIP or name.startswith(_KEPT_OF_UV)
    }
    kept |= _OVERRULING
    has_cache = (
        "UV_CACHE_DIR" in kept or "XDG_CACHE_HOME" in kept or os.access(Path("~").expanduser(), os.W_OK)
    )
    return kept if has_cache else kept | {"UV_NO_CACHE": "1"}


def take_back_pip_settings(folder: Path) -> None:
    """Write a pip.conf into the environment, whose empty values override the machine's and the user's settings."""
    options = "".join(f"{option} =\n" for option in _TAKEN_BACK)
    (folder / "pip.conf").write_text(f"[global]\n{options}[install]\n{options}")


def pip_of_the_machine() -> list[str]:
    """The command of a pip that can install into other environments (22.3 or newer); empty if there is none."""
    for command in ([sys.executable, "-I", "-m", "pip"], ["pip3"], ["pip"]):
        if shutil.which(command[0]) and succeeds([*command, "--python", sys.executable, "help"]):
            return command
    return []


def succeeds(command: Sequence[str]) -> bool:
    """Whether the command can be run and ends with status 0; its output is discarded."""
    environ = installer_environment(os.environ)
    with suppress(OSError):
        return subprocess.run(command, check=False, capture_output=True, env=environ).returncode == 0  # noqa: S603 - see callers
    return False


class Runner:
    """Runs installers that write into `folder`.

    Args:
        folder: the folder of the environment.
        lock: the descriptor of the lock. Installers inherit it, so that a later call waits for an installer that
            still runs.
    """

    def __init__(self, folder: Path, lock: int) -> None:
        self._folder, self._lock = folder, lock

    def run(self, command: Sequence[str]) -> int:
        """Run an installer in a session of its own, which this process stops at Ctrl-C; returns its exit status.

        Raises:
            FullDiskError: the installer failed, and its output says that a disk or a quota is full.
        """
        try:
            process = subprocess.Popen(  # noqa: S603 - see callers
                command, stdin=subprocess.DEVNULL, stdout=sys.stderr, stderr=subprocess.PIPE, cwd=self._folder,
                env=installer_environment(os.environ), start_new_session=True, pass_fds=[self._lock],
                text=True, errors="replace",
            )  # fmt: skip
        except OSError as error:
            say(f"{command[0]} cannot be started: {error}")
            return 127
        is_full = False
        try:
            for line in process.stderr or ():
                sys.stderr.write(line)
                is_full = is_full or names_full_disk(line)
            status = process.wait()
        except BaseException:
            _end(process)
            raise
        if status and is_full:
            raise FullDiskError(full_disk(self._folder))
        return status


def _end(process: subprocess.Popen[str]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_SECONDS_TO_STOP)
