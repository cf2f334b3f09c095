"""What a hold needs of the disk under the embedded Redis: room though it is full, and to be on it.

Programs of ours run on the same machine, so they sync the file themselves: the server's own WAITAOF answers before
anything was synced (Valkey 9.1).
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

RESERVE_BYTES = 1024 * 1024
_RESERVE = "reserve"
_WRITTEN = "appendonlydir/*.incr.aof"


def take_reserve(data: Path) -> None:
    """Write a file that reserves room. Raises OSError."""
    (data / _RESERVE).write_bytes(bytes(RESERVE_BYTES))


def give_reserve(data: Path) -> None:
    """Remove that file, so that the server has room for a hold. Raises OSError."""
    (data / _RESERVE).unlink(missing_ok=True)


def sync(data: Path) -> None:
    """Wait until all that the server has answered is on the disk. Raises OSError."""
    for path in data.glob(_WRITTEN):
        with (
            suppress(FileNotFoundError),
            path.open("rb") as file,
        ):  # replaced by a shorter one that is on the disk
            os.fsync(file.fileno())
