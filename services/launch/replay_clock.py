"""One faster clock for all processes of a replay.

libfaketime makes a process believe that time runs `speed` times as fast since an epoch. By default each process takes
its own start as the epoch, so the clocks of processes that start some seconds apart would differ by many times those
seconds. The epoch is therefore written once into the shared memory that libfaketime reads it from, and every process
gets the same one. Monotonic time stays real, so timeouts of sockets keep their meaning.
"""

from __future__ import annotations

import ctypes
import importlib.util
import math
import mmap
import os
import secrets
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from multiprocessing import shared_memory
from pathlib import Path

from services.common.errors import StopProgram

_NANO = 1_000_000_000
# libfaketime's `struct ft_shared_s`: two 64-bit counters, then a (seconds, nanoseconds) pair for each of the
# clocks REALTIME, MONOTONIC, MONOTONIC_RAW and, where it was built with it, BOOTTIME.
_LAYOUT = struct.Struct("@QQ8q")
_SEMAPHORE_FREE = 1
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - the kernel's name for it # nosec B108
_SEPARATORS_OF_LIBRARY_PATH = (":", ";")
_MEASURED_SECONDS = 0.2
_MEASURE = f"""
import time
monotonic, clock = time.monotonic(), time.time()
while time.monotonic() < monotonic + {_MEASURED_SECONDS}:
    pass
passed = time.time() - clock
print(clock, passed / (time.monotonic() - monotonic))
"""
_MEASURE_TIMEOUT_SECONDS = 30.0
# A busy machine may pause the measuring process between two readings, but hardly each time.
_TOLERANCE = 0.2
_ATTEMPTS = 3


class ReplayClock:
    """A clock that runs, from its creation on, `speed` times as fast as the machine's clock.

    By default the clock starts far enough in the past not to overtake the machine's clock within `horizon` seconds:
    nothing that a replay writes is ever dated in the future of a real system that may see it later.

    Args:
        speed: how many times as fast as real time; 1 needs no library.
        horizon: real seconds that the replay may take.
        begins: the instant that the clock shows first, to half a second; any instant needs the library.

    Raises:
        StopProgram: another speed than 1, or another time, is asked for where libfaketime is not available.
    """

    def __init__(self, speed: float = 1.0, horizon: float = 0.0, begins: datetime | None = None) -> None:
        if speed <= 0:
            raise StopProgram(f"a replay cannot run at speed {speed:g}; give a number above 0")
        self.speed = speed
        self._epoch = time.time()
        self._offset = round(-horizon * max(speed - 1.0, 0.0))
        if begins is not None:
            self._offset = round(begins.timestamp() - self._epoch)
        self._name = f"cryptoboy_{os.getpid()}_{secrets.token_hex(4)}"
        self._memory: shared_memory.SharedMemory | None = None
        self._library: Path | None = None
        if speed != 1.0 or begins is not None:
            self._library = find_library()
            if self._library is None:
                raise StopProgram(
                    f"speed {speed:g} needs libfaketime, which is there for Linux on x86-64 only; "
                    "use --speed 1"
                )
            with _naming_shared_memory():
                self._share_epoch()

    def now(self) -> datetime:
        """The instant that every process of the replay sees, in UTC."""
        start = datetime.fromtimestamp(self._epoch + self._offset, UTC)
        return start + timedelta(seconds=(time.time() - self._epoch) * self.speed)

    def environment(self) -> dict[str, str]:
        """Variables that put a process on this clock."""
        if self._library is None:
            return {}
        return {
            **_preload(self._library),
            "FAKETIME": f"{self._offset:+d} x{self.speed:g}",
            "FAKETIME_SHARED": f"/{self._name}_sem /{self._name}",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_NO_CACHE": "1",
        }

    def check(self) -> None:
        """Start a process on this clock, and measure its time and speed. Takes less than a second.

        Raises:
            StopProgram: that clock differs from the requested one, so that a replay would never end.
        """
        if self._library is None:
            return
        for _ in range(_ATTEMPTS):
            before = self.now().timestamp()
            clock, speed, said = _measured({**os.environ, **self.environment()})
            is_right_time = before - _TOLERANCE <= clock <= self.now().timestamp() + _TOLERANCE
            if is_right_time and math.isclose(speed, self.speed, rel_tol=_TOLERANCE):
                return
        raise StopProgram(
            f"the clock of the replay runs {speed:.3g} times as fast instead of {self.speed:g} times: "
            f"{said or 'libfaketime has no effect'} ({self._library}). Use --speed 1, or give the environment a "
            "folder without odd characters in its path: CRYPTOBOY_VENV"
        )

    def close(self) -> None:
        """Free the shared memory. Processes that have started keep their clock."""
        if self._memory is not None:
            self._memory.close()
            with suppress(FileNotFoundError):
                self._memory.unlink()
            _libc().sem_unlink(f"/{self._name}_sem".encode())
            self._memory = None

    def _share_epoch(self) -> None:
        seconds, nanoseconds = divmod(int(self._epoch * _NANO), _NANO)
        monotonic, monotonic_nanoseconds = divmod(time.monotonic_ns(), _NANO)
        clocks = (seconds, nanoseconds, *(monotonic, monotonic_nanoseconds) * 3)
        _check_room(self._name)
        self._memory = shared_memory.SharedMemory(self._name, create=True, size=_LAYOUT.size)
        _LAYOUT.pack_into(self._memory.buf or b"", 0, 0, 0, *clocks)
        libc = _libc()
        libc.sem_open.restype = ctypes.c_void_p
        if not libc.sem_open(f"/{self._name}_sem".encode(), os.O_CREAT, 0o600, _SEMAPHORE_FREE):
            self.close()
            raise StopProgram(
                "the clock of the replay could not be shared (no POSIX semaphores); use --speed 1"
            )


def _measured(environ: Mapping[str, str]) -> tuple[float, float, str]:
    """Measure a process's clock: its time in seconds since 1970, its speed, and the process's output on stderr."""
    try:
        measured = subprocess.run(  # noqa: S603 - this Python
            [sys.executable, "-I", "-c", _MEASURE],
            env=environ, capture_output=True, text=True, check=True, timeout=_MEASURE_TIMEOUT_SECONDS,
        )  # fmt: skip
        clock, speed = map(float, measured.stdout.split())
    except (subprocess.SubprocessError, ValueError) as error:
        raise StopProgram(f"no process uses the clock of the replay ({error}); use --speed 1") from None
    return clock, speed, measured.stderr.strip()


def _preload(library: Path) -> dict[str, str]:
    """Environment variables that load the library, before any other library that is to be preloaded.

    LD_PRELOAD is split at spaces, so it gets only the file name, and LD_LIBRARY_PATH gets the folder. If the folder's
    name contains a separator of LD_LIBRARY_PATH, such as a semicolon, LD_PRELOAD gets the whole path.
    """
    inherited, folders = os.environ.get("LD_PRELOAD", ""), os.environ.get("LD_LIBRARY_PATH", "")
    folder = str(library.parent)
    if any(separator in folder for separator in _SEPARATORS_OF_LIBRARY_PATH):
        return {"LD_PRELOAD": ":".join(filter(None, (str(library), inherited)))}
    return {
        "LD_PRELOAD": ":".join(filter(None, (library.name, inherited))),
        "LD_LIBRARY_PATH": ":".join(filter(None, (folder, folders))),
    }


@contextmanager
def _naming_shared_memory() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StopProgram(
            f"the clock of the replay cannot be shared in {_SHARED_MEMORY}: {error.strerror or error}. "
            "It has to be mounted, writable and not full; or use --speed 1"
        ) from error


def _check_room(name: str) -> None:
    """Raise OSError if shared memory is full: writing to mapped memory would end this process with SIGBUS."""
    probe = _SHARED_MEMORY / f"{name}_probe"
    try:
        probe.write_bytes(bytes(2 * mmap.PAGESIZE))
    finally:
        probe.unlink(missing_ok=True)


def find_library() -> Path | None:
    """Return the path of libfaketime; None if it is not installed."""
    spec = importlib.util.find_spec("libfaketime")
    if spec is None or spec.origin is None:
        return None
    library = Path(spec.origin).parent / "vendor/libfaketime/src/libfaketime.so.1"
    return library if library.is_file() else None


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None)
