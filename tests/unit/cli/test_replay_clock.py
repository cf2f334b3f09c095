from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import datetime

import pytest

from services.cli.replay_clock import ReplayClock, find_library
from services.common.errors import StopProgram

TELL_TIME = "from datetime import datetime, UTC; print(datetime.now(UTC).isoformat())"


def told_by_process(clock: ReplayClock) -> tuple[datetime, datetime, datetime]:
    """Our time before, the time that a new process sees, our time after."""
    before = clock.now()
    told = subprocess.check_output(
        [sys.executable, "-c", TELL_TIME], env={**os.environ, **clock.environment()}, text=True
    )
    return before, datetime.fromisoformat(told.strip()), clock.now()


@pytest.mark.parametrize("speed", [10.0, 720.0])
def test_processes_started_one_after_the_other_agree_however_fast_time_runs(speed: float) -> None:
    if find_library() is None:
        pytest.fail("libfaketime is missing: it is part of requirements.lock on Linux x86-64")
    clock = ReplayClock(speed)
    try:
        for _ in range(3):
            before, told, after = told_by_process(clock)
            assert before <= told <= after
            time.sleep(0.3)
    finally:
        clock.close()


def test_a_replay_never_runs_into_the_future_within_its_horizon() -> None:
    before = time.time()
    clock = ReplayClock(100.0, horizon=60.0)
    try:
        now = clock.now().timestamp()
        passed = time.time() - before
        assert -60 * 99 - 5 <= now - before <= -60 * 99 + 100 * passed + 5
    finally:
        clock.close()


def test_at_speed_1_nothing_is_faked() -> None:
    clock = ReplayClock(1.0, horizon=60.0)
    assert clock.environment() == {}
    before = time.time()
    now = clock.now().timestamp()
    assert before - 1 <= now <= time.time() + 1


def test_a_speed_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(StopProgram, match="above 0"):
        ReplayClock(0.0)


def test_the_shared_epoch_is_given_back() -> None:
    clock = ReplayClock(2.0)
    name = clock.environment()["FAKETIME_SHARED"].split()[1].lstrip("/")
    assert os.path.exists(f"/dev/shm/{name}")  # noqa: PTH110, S108 - the kernel's name for shared memory
    clock.close()
    assert not os.path.exists(f"/dev/shm/{name}")  # noqa: PTH110, S108 - as above
