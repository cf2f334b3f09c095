"""Namespaces of the engine's own: no rule, port, interface, mount or process of it is the host's.

The first process in them is `tini`, which ends when this process ends, however that comes about. Then the kernel ends
every other process in there and takes away the network and the mounts.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from tests.support.containers.machine import ContainersNotRun

RESOLVER = "10.0.2.3"
"""Where slirp4netns answers questions for names."""
_CLONE_NEWNET = 0x40000000
_PR_SET_PDEATHSIG = 1
_START_SECONDS = 10.0
_ENTER = ("--net", "--mount", "--pid")


class Namespace:
    """The namespaces, as long as they are there. Use as a context manager.

    Attributes:
        first_process: the number of `tini` on the host.
    """

    def __init__(self, tini: Path, folder: Path) -> None:
        self._folder = folder
        (folder / "resolv.conf").write_text(f"nameserver {RESOLVER}\n")
        inside = (
            f"ip link set lo up && mount --bind {folder}/resolv.conf /etc/resolv.conf"
            # Sockets of the engine and of its plugins, which are not to be another engine's
            " && mkdir -p /run/containerd /run/docker"
            " && mount -t tmpfs tmpfs /run/containerd && mount -t tmpfs tmpfs /run/docker"
            f" && touch {folder}/ready && exec {tini} -s -- sleep infinity"
        )
        (folder / "ready").unlink(missing_ok=True)
        self._unshare = subprocess.Popen(
            [
                "unshare",
                "--net",
                "--mount",
                "--pid",
                "--fork",
                "--kill-child",
                "--mount-proc",
                "sh",
                "-ec",
                inside,
            ],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=dies_with_us,  # noqa: PLW1509 - before any thread is started
        )
        self._ways_out = 0
        self._outside = os.open("/proc/self/ns/net", os.O_RDONLY)
        waited_for((folder / "ready").exists, "the namespaces", lambda: self._unshare.poll() is not None)
        self.first_process = only_child(self._unshare.pid)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._unshare.kill()
        self._unshare.wait()
        os.close(self._outside)

    def enter(self) -> None:
        """Move the calling thread, and the threads and programs that it starts from now on, into the network."""
        with Path(f"/proc/{self.first_process}/ns/net").open() as network:
            libc = ctypes.CDLL(None, use_errno=True)
            if libc.setns(network.fileno(), _CLONE_NEWNET):
                raise ContainersNotRun(f"the network cannot be entered: {os.strerror(ctypes.get_errno())}")

    def command(self, *command: str) -> list[str]:
        """The same command, to be run in there."""
        return ["nsenter", "--target", str(self.first_process), *_ENTER, "--", *command]

    def command_outside(self, *command: str) -> list[str]:
        """The same command, to be run in the network of the host."""
        return ["nsenter", f"--net=/proc/{os.getpid()}/fd/{self._outside}", "--", *command]

    def signal(self, pid: int, number: signal.Signals) -> None:
        """Send a signal to a process that has this number in there."""
        subprocess.run(self.command("kill", f"-{number.value}", str(pid)), check=True, capture_output=True)

    @contextmanager
    def online(self) -> Iterator[None]:
        """A way out to other networks for the block; without it no address outside can be reached."""
        self._ways_out += 1
        if self._ways_out == 1:
            self._slirp = self._started_slirp()
        try:
            yield
        finally:
            self._ways_out -= 1
            if not self._ways_out:
                self._slirp.kill()
                self._slirp.wait()

    def _started_slirp(self) -> subprocess.Popen[bytes]:
        ready, told = os.pipe()
        options = ("--configure", "--mtu=1400", "--disable-host-loopback", f"--ready-fd={told}")
        with (self._folder / "slirp.log").open("wb") as log:
            slirp = subprocess.Popen(
                self.command_outside("slirp4netns", *options, str(self.first_process), "tap0"),
                pass_fds=[told],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=dies_with_us,  # noqa: PLW1509 - prctl alone, which no thread disturbs
            )
        os.close(told)
        with os.fdopen(ready, "rb") as end:
            if end.read(1) != b"1":
                raise ContainersNotRun(f"slirp4netns: {(self._folder / 'slirp.log').read_text().strip()}")
        return slirp


def dies_with_us() -> None:
    """Between fork and exec: the kernel kills the program when the process that started it ends."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def only_child(pid: int) -> int:
    """The child of a process that has one."""
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


def waited_for(
    there: Callable[[], bool], what: str, ended: Callable[[], bool], seconds: float = _START_SECONDS
) -> None:
    """Return as soon as it is there.

    Raises:
        ContainersNotRun: what should make it has ended, or the time is over.
    """
    deadline = time.monotonic() + seconds
    while not there():
        if ended() or time.monotonic() > deadline:
            raise ContainersNotRun(f"{what} cannot be made here")
        time.sleep(0.05)
