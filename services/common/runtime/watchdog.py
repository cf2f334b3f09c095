"""Watches the calls that a service has in progress, reports those that are stuck, and finally ends the process.

A thread that hangs in a call cannot be ended by another thread, and the broker does not redeliver its messages until
its connection is closed. So the process ends: its supervisor starts it again, and the broker redelivers the messages.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence

import structlog

from services.common.runtime.health import DependencyHealth
from services.common.runtime.metrics import WORK_STUCK
from services.common.runtime.stacks import thread_stacks
from services.common.runtime.work import Call, CallsInProgress, stuck

log = structlog.get_logger(__name__)

LOOK_SECONDS = 0.5
TELL_SECONDS = 0.5
MOST_COUNTED_SECONDS = 4 * LOOK_SECONDS
"""The most that one check adds to the age of a call. If more time has passed, the machine slept or was overloaded."""


class Watchdog:
    """Checks the calls every half second until the process ends, because a thread may hang during shutdown as well.

    Args:
        service: a label of metrics.
        work: the calls in progress to watch.
        stuck_after: seconds beyond its own time limits after which a call counts as stuck.
        give_up_after: further seconds after which the process ends with status 75 (EX_TEMPFAIL).
        leave: a function that ends the process with an exit status at once, without waiting for threads.
    """

    def __init__(
        self,
        service: str,
        work: CallsInProgress,
        *,
        stuck_after: float,
        give_up_after: float,
        leave: Callable[[int], object] = os._exit,
    ) -> None:
        self._service = service
        self._work = work
        self._stuck_after = stuck_after
        self._give_up_after = give_up_after
        self._leave = leave
        self._stuck: tuple[Call, ...] = ()
        WORK_STUCK.labels(service)

    def start(self) -> None:
        """Start the thread that checks the calls."""
        threading.Thread(target=self._run, name="watchdog", daemon=True).start()

    def _run(self) -> None:
        looked = time.monotonic()
        while True:
            time.sleep(LOOK_SECONDS)
            now = time.monotonic()
            self.look(now - looked)
            looked = now

    def look(self, elapsed: float) -> None:
        """Add `elapsed` seconds to the age of all calls, log changes, and end the process if a call is given up."""
        before = {call.number: call for call in self._stuck}
        calls = self._work.grow_older(min(elapsed, MOST_COUNTED_SECONDS))
        self._stuck = stuck(calls, self._stuck_after)
        new = [call for call in self._stuck if call.number not in before]
        back = [before[number] for number in before.keys() - {call.number for call in self._stuck}]
        WORK_STUCK.labels(self._service).inc(len(new))
        is_over = bool(self._stuck) and self._stuck[0].late >= self._stuck_after + self._give_up_after
        if new or back or is_over:
            _tell(new, back, self._stuck[0] if is_over else None, with_stacks=bool(new) and not before)
        if is_over:
            self._leave(os.EX_TEMPFAIL)

    def health(self) -> DependencyHealth:
        """Return the calls that were stuck at the last check, as a dependency for `/health`."""
        if not self._stuck:
            return DependencyHealth(ok=True)
        worst = self._stuck[0]
        left = self._stuck_after + self._give_up_after - worst.late
        others = f" and {len(self._stuck) - 1} more" if len(self._stuck) > 1 else ""
        return DependencyHealth(
            ok=False,
            detail=f"{worst.what}{others} has not come back for {worst.age:.0f} s; "
            f"this process ends in {max(left, 0):.0f} s, to be started again",
        )


def _tell(new: Sequence[Call], back: Sequence[Call], given_up: Call | None, *, with_stacks: bool) -> None:
    """Log what changed. Waits only `TELL_SECONDS` for the log, because writing the log may be the stuck call."""
    watchdog = threading.get_ident()

    def write() -> None:
        for call in new:
            log.error("work_stuck", doing=call.what, seconds=round(call.age, 1), bound=call.patience)
        if with_stacks:  # in this thread, because reading the source lines may hang as well
            log.error("thread_stacks", stack=thread_stacks(without={watchdog, threading.get_ident()}))
        for call in back:
            log.info("work_came_back", doing=call.what, seconds=round(call.age, 1))
        if given_up is not None:
            log.error("work_given_up", doing=given_up.what, next="this process ends, to be started again")

    writing = threading.Thread(target=write, name="watchdog-log", daemon=True)
    writing.start()
    writing.join(TELL_SECONDS)
