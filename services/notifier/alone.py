"""Only one notifier runs: a second one would tell everything twice and take the first one's questions away.

On one machine a lock on a file of STATE_DIR decides. Notifiers on different machines find each other by a lease in the
history, which its holder renews. Whether a lease is renewed is watched with a clock that is never set, so it does not
matter what the clocks of the machines say.
"""

from __future__ import annotations

import fcntl
import os
import socket
import threading
import time
import uuid
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from services.common.clock import Clock
from services.common.errors import StopProgram, TryLater
from services.common.history.notifying.port import NotifierLog
from services.common.history.notifying.rows import Lease

LOCK_NAME = "notifier.lock"
RENEW_SECONDS = 5.0
DEAD_SECONDS = 20.0
"""How long a lease of another machine must stay unchanged to count as that of a notifier that has ended."""
_LASTS = timedelta(minutes=1)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_AGAIN_SECONDS = 1.0


class Alone:
    """The right to be the one notifier. `renew` and `check` may be called from any thread.

    Args:
        folder: STATE_DIR.
        log: where the lease is.
        clock: for the end of the lease, which changes with each renewal; that is what others watch.
    """

    def __init__(self, folder: Path, log: NotifierLog, clock: Clock) -> None:
        self._folder, self._log, self._clock = folder, log, clock
        self._place = f"{socket.gethostname()}:{folder.resolve()}"
        self._holder = f"{self._place}#{os.getpid()}#{uuid.uuid4().hex[:8]}"
        self._descriptor: int | None = None
        self._other: tuple[Lease, float] | None = None
        self._renewed = float("-inf")
        self._lock = threading.Lock()

    def take(self) -> None:
        """Become the one notifier.

        Raises:
            StopProgram: another notifier is alive; the message says where.
            TryLater: it is not known yet whether the holder of the lease is alive, or the history is away.
        """
        self._lock_file()
        lease = self._ask()
        if lease.holder != self._holder:
            lease = self._take_over(lease)
        self._renewed = time.monotonic()

    def check(self) -> None:
        """Raise StopProgram if another notifier has taken over, and TryLater if that cannot be known now."""
        if time.monotonic() - self._renewed >= RENEW_SECONDS:
            self.renew()

    def renew(self) -> None:
        """Renew the lease. Raises as `check`."""
        with self._lock:
            started, lease = time.monotonic(), self._ask()
            if lease.holder != self._holder:
                raise StopProgram(f"another notifier has taken over: {_shown(lease)}")
            self._renewed = started

    def release(self) -> None:
        """Let another one be the notifier. May be called twice, and before `take`."""
        if self._descriptor is None:
            return
        with suppress(
            TryLater, StopProgram
        ):  # a notifier that starts here knows by the file that this one has ended
            self._log.release_lease(self._holder)
        os.close(self._descriptor)
        self._descriptor = None

    def _lock_file(self) -> None:
        if self._descriptor is not None:
            return
        path = self._folder / LOCK_NAME
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StopProgram(f"{path} cannot be written: {error}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise StopProgram(
                f"a notifier is running already: it has locked {path}. Two of them would tell everything twice"
            ) from None
        self._descriptor = descriptor

    def _ask(self, instead_of: Lease | None = None) -> Lease:
        """Take or renew the lease. No lease has ended by any clock on the wall: see `_take_over`."""
        until = self._clock.now() + _LASTS
        return self._log.take_lease(self._holder, _LONG_AGO, until, instead_of=instead_of)

    def _take_over(self, lease: Lease) -> Lease:
        """Take the lease of another notifier, if that has ended."""
        if self._other is not None and self._other[0].holder == lease.holder and self._other[0] != lease:
            raise StopProgram(
                f"another notifier is alive: {_shown(lease)}. Two of them would tell everything twice"
            )
        if self._other is None or self._other[0] != lease:
            self._other = (lease, time.monotonic())
        is_from_here = lease.holder.partition("#")[0] == self._place  # whose file we have locked
        if not is_from_here and time.monotonic() - self._other[1] < DEAD_SECONDS:
            raise TryLater(f"waiting whether the notifier of {_shown(lease)} is alive", after=_AGAIN_SECONDS)
        taken = self._ask(instead_of=lease)
        if taken.holder != self._holder:
            raise StopProgram(f"another notifier is alive: {_shown(taken)}")
        return taken


def _shown(lease: Lease) -> str:
    place, _, rest = lease.holder.partition("#")
    return f"{place}, process {rest.partition('#')[0]}"
