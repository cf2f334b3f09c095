"""Has the usual performance measured again and again, in a process of its own, and hands it to the recorder."""

from __future__ import annotations

import json
import os
import signal
import subprocess  # nosec B404
import sys
import threading
import time
from datetime import datetime
from typing import TYPE_CHECKING

from services.common.clock import Clock
from services.common.errors import TryLater
from services.common.history.batch import Batch
from services.common.history.rows import SummaryRow
from services.common.runtime.work import CallsInProgress
from services.common.settings.folders import PYTHON_PATH
from services.common.settings.history import url_of
from services.common.settings.settings import Settings
from services.history_recorder.inbox import Inbox

if TYPE_CHECKING:  # the program alone loads numpy
    from services.history_recorder.performance.program import Order

PAUSE_SECONDS = 300.0
PAUSES_PER_SECOND = 5
"""The pause is so many times as long as measuring took, so that it takes at most a sixth of one core."""
MOST_SECONDS = 600.0
_PROGRAM = "services.history_recorder.performance.program"
_LOOK_SECONDS = 0.2
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1"}
"""numpy would start as many threads as there are cores, and each counts for the limit of the service's tasks."""
_MOST_LETTERS = 300


class PerformanceFollower:
    """Measures when `step` is called, from one thread."""

    def __init__(self, settings: Settings, clock: Clock, inbox: Inbox, *, work: CallsInProgress) -> None:
        self._url = url_of(settings.history_url, settings.state_dir)
        self._clock, self._inbox, self._work = clock, inbox, work

    def step(self, stop: threading.Event) -> float:
        """Measure once and put the rows into the inbox. Returns the pause.

        Raises:
            TryLater: it did not succeed; also trying takes at most a sixth of one core.
        """
        begun = time.monotonic()
        with self._work.doing("measuring how the scores did", MOST_SECONDS):
            try:
                rows = self._measured(stop)
            except TryLater as error:
                raise TryLater(str(error), after=_pause_after(begun)) from error
        if rows:
            self._inbox.put(Batch(summaries=rows), stop)
        return max(PAUSE_SECONDS, _pause_after(begun))

    def _measured(self, stop: threading.Event) -> list[SummaryRow]:
        order: Order = {"url": self._url, "now": self._clock.now().isoformat(), "recorder": os.getpid()}
        program = subprocess.Popen(  # noqa: S603 - our own program # nosec B603
            [sys.executable, "-P", "-m", _PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": PYTHON_PATH, **_ONE_THREAD},
            text=True,
        )
        deadline = time.monotonic() + MOST_SECONDS
        with program:
            output, error = self._finished(program, json.dumps(order), deadline, stop)
        if stop.is_set():
            return []
        if program.returncode == -signal.SIGKILL and time.monotonic() > deadline:
            raise TryLater(
                f"how the scores did was not measured within {MOST_SECONDS:.0f} s; what was measured last is shown"
            )
        if program.returncode:
            raise TryLater(f"how the scores did was not measured: {error.strip()[-_MOST_LETTERS:]}")
        return [
            SummaryRow(name=row["name"], computed=datetime.fromisoformat(row["computed"]), body=row["body"])
            for row in json.loads(output)
        ]

    def _finished(
        self, program: subprocess.Popen[str], order: str, deadline: float, stop: threading.Event
    ) -> tuple[str, str]:
        """What the program wrote; it is killed when `stop` is set or at the deadline."""
        given: str | None = order
        while True:
            try:
                return program.communicate(given, timeout=_LOOK_SECONDS)
            except subprocess.TimeoutExpired:
                given = None
            if stop.is_set() or time.monotonic() > deadline:
                program.kill()


def _pause_after(begun: float) -> float:
    """The shortest pause in seconds after an attempt that began at this time."""
    return PAUSES_PER_SECOND * (time.monotonic() - begun)
