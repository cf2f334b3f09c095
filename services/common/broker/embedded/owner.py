"""Determines which broker instances are alive.

Each instance locks its own file, and the kernel releases the lock when the process ends.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
import uuid
from collections.abc import Sequence
from pathlib import Path

from services.common.broker.embedded import statements as sql
from services.common.broker.embedded.file import QueueFile
from services.common.broker.topology import Queue

LOOK_SECONDS = 0.25
WRITE_SECONDS = 5.0


class Owner:
    """The lock file of this instance, which stays locked until `close` is called or the process ends.

    Raises:
        OSError: the folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._next_look = 0.0
        folder.mkdir(parents=True, exist_ok=True)
        self.name = f"{os.getpid()}-{uuid.uuid4().hex}"
        self._descriptor = os.open(folder / self.name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def requeue_from_dead(self, file: QueueFile, queues: Sequence[Queue]) -> None:
        """Requeue the deliveries of processes that died. Checks at most once per `LOOK_SECONDS`."""
        with self._lock:
            now = time.monotonic()
            if now < self._next_look:
                return
            self._next_look = now + LOOK_SECONDS
        with file.reading() as db:
            owners = sql.owners(db)
        for name in owners:
            if name != self.name and not self.is_alive(name):
                with file.writing(durable=False, timeout=WRITE_SECONDS) as db:
                    sql.requeue_from_owner(db, name, queues)

    def is_alive(self, name: str) -> bool:
        """Whether the instance of that name is alive; removes the lock file of a dead instance.

        No name is used twice, and other processes learn a name only after its file was locked.
        """
        path = self._folder / name
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        else:
            path.unlink(missing_ok=True)
            return False
        finally:
            os.close(descriptor)

    def close(self) -> None:
        """Release the lock, so that other processes treat this instance as ended. Must be called only once."""
        (self._folder / self.name).unlink(missing_ok=True)
        os.close(self._descriptor)
