"""Starts processes, watches them, and stops them in order, for `demo` and `up`."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from types import TracebackType
from typing import Self

from services.common.errors import StopProgram
from services.common.runtime.children import end_with_parent
from services.common.runtime.ports import LOOPBACK, hand_over, listen_on
from services.launch.ending import uninterrupted
from services.launch.program_log import ProgramLog

GRACE_SECONDS = 15.0
TELL_SECONDS = 15.0


class Role(IntEnum):
    """The role of a program; programs are stopped in the order of these values.

    Trades have stop-losses only while Freqtrade runs, so the services that feed Freqtrade are stopped before it.
    Freqtrade uses Redis and the exchange of a replay until it has ended, so they are stopped last.
    """

    FEEDS = 0
    TRADES = 1
    SERVES = 2


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """A program to run.

    Attributes:
        name: for messages; also the name of its log file.
        argv: program and arguments; never a secret, as every user of the machine can read it.
        environ: the whole environment of the process.
        is_ready: called periodically after the start; True when the program can do its work. Raises StopProgram if
            the program does what it must not.
        role: decides when the program is stopped.
        health_url: the URL of the program's /health; empty if it has none.
        port: the port on which the supervisor listens for the program, which gets the socket (see
            `ports.handed_over`). The port stays taken while the program is restarted, and clients wait.
        host: the address of that port.
        is_needed: whether news becomes a trade only while the program runs.
    """

    name: str
    argv: Sequence[str]
    environ: Mapping[str, str] = field(repr=False)
    is_ready: Callable[[], bool] = lambda: True
    role: Role = Role.FEEDS
    health_url: str = ""
    port: int | None = None
    host: str = LOOPBACK
    is_needed: bool = True


class ProcessEnded(StopProgram):
    """A program ended by itself; the message contains the end of its log."""


class Supervisor:
    """Runs programs until it is closed; each writes to `log_dir`/NAME.log.

    To stop, all programs of one role get SIGTERM at once; those that do not end in time are killed. On Linux,
    programs also end if this process dies without closing the supervisor.
    """

    def __init__(self, log_dir: Path) -> None:
        self._log_dir = log_dir
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._asked: set[int] = set()
        self._roles: dict[str, Role] = {}
        self._listeners: dict[int, socket.socket] = {}
        log_dir.mkdir(parents=True, exist_ok=True)

    def log(self, name: str) -> ProgramLog:
        """The log file of a program."""
        return ProgramLog(self._log_dir / f"{name}.log")

    def start(self, spec: ProcessSpec) -> None:
        """Start a program without waiting until it is ready.

        Raises:
            OSError: the system cannot start another process.
            StopProgram: the program's port cannot be listened on.
        """
        self._roles[spec.name] = spec.role
        listener = self._listen_for(spec)
        # Ctrl-C between the start and the entry in `_running` would leave a program that nobody stops.
        with uninterrupted(), self.log(spec.name).path.open("ab") as log:
            self._running[spec.name] = subprocess.Popen(  # noqa: S603 - our own programs, no shell
                [*spec.argv, *([hand_over(listener)] if listener else [])],
                pass_fds=[listener.fileno()] if listener else [],
                env=dict(spec.environ),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=end_with_parent,  # noqa: PLW1509 - one system call, nothing that locks
            )

    def _listen_for(self, spec: ProcessSpec) -> socket.socket | None:
        if spec.port is None:
            return None
        if spec.port not in self._listeners:
            try:
                self._listeners[spec.port] = listen_on(spec.port, spec.host)
            except OSError as error:
                raise StopProgram(
                    f"{spec.name} needs port {spec.port} of {spec.host}, where nothing can listen: {error.strerror}"
                ) from error
        return self._listeners[spec.port]

    def wait_ready(
        self,
        specs: Sequence[ProcessSpec],
        timeout: float,
        tell: Callable[[str], None] = lambda _: None,
        every: float = TELL_SECONDS,
    ) -> None:
        """Wait until all programs are ready; every `every` seconds, report those that are not.

        Raises:
            StopProgram: a program ended (see ProcessEnded) or was not ready within `timeout` seconds.
        """
        waiting = list(specs)
        began = told = time.monotonic()
        while waiting:
            self.check()
            waiting = [spec for spec in waiting if not self.is_ready(spec)]
            now = time.monotonic()
            names = ", ".join(spec.name for spec in waiting)
            if waiting and now - began > timeout:
                raise StopProgram(
                    f"not ready after {timeout:.0f} s: {names}. {self.log(waiting[0].name).tail()}"
                )
            if waiting and now - told >= every:
                told = now
                tell(f"waiting for {names} since {now - began:.0f} s")
            time.sleep(0.1)

    def is_ready(self, spec: ProcessSpec) -> bool:
        """Ask a program whether it can do its work.

        Raises:
            StopProgram: the program did what it must not do; this program was stopped before any other.
        """
        try:
            return spec.is_ready()
        except StopProgram:
            with uninterrupted():
                self.stop(spec.name)
            raise

    def check(self) -> None:
        """Raise ProcessEnded if a program ended by itself."""
        for name, process in self._running.items():
            if (status := process.poll()) is not None:
                raise ProcessEnded(f"{name} ended with status {status}. {self.log(name).tail()}")

    def ended(self) -> dict[str, int]:
        """The programs that ended by themselves since the last call, with their exit statuses."""
        gone = {
            name: status for name, process in self._running.items() if (status := process.poll()) is not None
        }
        for name in gone:
            del self._running[name]
        return gone

    def pids(self) -> dict[str, int]:
        """The process ids of the running programs, by name."""
        return {name: process.pid for name, process in self._running.items() if process.poll() is None}

    def stop(self, name: str, grace: float = GRACE_SECONDS) -> int | None:
        """Stop a program, wait until it has ended, and return its exit status; None if it was not running."""
        process = self._running.pop(name, None)
        if process is None:
            return None
        self._ask_to_end(process)
        return _wait_or_kill(process, grace)

    def close(self) -> dict[str, int | None]:
        """Stop all programs and return their exit statuses by name. May be called more than once."""
        statuses: dict[str, int | None] = {}
        for role in Role:
            together = [name for name in self._running if self._roles[name] is role]
            for name in together:
                self._ask_to_end(self._running[name])
            statuses |= {name: self.stop(name) for name in together}
        while self._listeners:
            self._listeners.popitem()[1].close()
        return statuses

    def _ask_to_end(self, process: subprocess.Popen[bytes]) -> None:
        """Send SIGTERM once: a second one would interrupt the shutdown that the first began."""
        if process.pid not in self._asked and process.poll() is None:
            self._asked.add(process.pid)
            process.send_signal(signal.SIGTERM)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        with uninterrupted():
            self.close()


def _wait_or_kill(process: subprocess.Popen[bytes], grace: float) -> int:
    try:
        return process.wait(grace)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return process.wait()
