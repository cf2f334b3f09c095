"""Reserves disk space for holds, and syncs holds to the disk, for the embedded Redis.

This project's programs run on the same machine as the server, so they sync the server's file themselves. The server's
own command WAITAOF answers before the data are synced (Valkey 9.1).
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import redis

RESERVE_BYTES = 1024 * 1024
_RESERVE = "reserve"
_WRITTEN = "appendonlydir/*.incr.aof"


def take_reserve(data: Path) -> None:
    """Write a file that reserves disk space. Raises OSError."""
    (data / _RESERVE).write_bytes(bytes(RESERVE_BYTES))


def give_reserve(data: Path) -> None:
    """Remove the file of `take_reserve`, so that the server has disk space for a hold. Raises OSError."""
    (data / _RESERVE).unlink(missing_ok=True)


def is_written(client: redis.Redis) -> bool:
    """Whether all that the server has answered is in its file.

    If the disk is full, the server answers the first write although it is in memory only, and refuses later writes.
    Call this function in a separate request after the answer to the write.
    """
    return bool(client.info("persistence")["aof_last_write_status"] == "ok")


def sync(data: Path) -> None:
    """Wait until every write that the server has answered is on the disk. Raises OSError."""
    for path in data.glob(_WRITTEN):
        with (
            suppress(FileNotFoundError),
            path.open("rb") as file,
        ):  # replaced by a shorter one that is on the disk
            os.fsync(file.fileno())
