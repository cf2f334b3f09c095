from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.common.errors import StopProgram
from services.launch import replay_clock
from services.launch.replay_clock import ReplayClock, find_library

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
        pytest.fail("libfaketime is missing: it is part of requirements/demo.lock on Linux x86-64")
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


def test_a_replay_can_run_at_another_time_and_every_process_agrees() -> None:
    begins = datetime(2026, 3, 25, 12, 0, tzinfo=UTC)
    clock = ReplayClock(1.0, begins=begins)
    try:
        before, told, after = told_by_process(clock)
        assert before <= told <= after
        assert abs((before - begins).total_seconds()) < 60
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


def library_in(folder: Path) -> Path:
    library = find_library()
    assert library is not None
    folder.mkdir(parents=True)
    return Path(shutil.copy(library, folder / library.name))


@pytest.mark.parametrize(
    "name", ["a b", "tab\there", "comma,", "a $HOME", 'it\'s "quoted"', "100%", "münze ₿", "semi;colon"]
)
def test_the_clock_works_from_a_folder_of_any_name(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = library_in(tmp_path / name)
    monkeypatch.setattr(replay_clock, "find_library", lambda: library)
    clock = ReplayClock(10.0, horizon=60.0)
    try:
        clock.check()
        before, told, after = told_by_process(clock)
        assert before <= told <= after
    finally:
        clock.close()


def test_libraries_that_are_loaded_anyway_and_their_folders_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_PRELOAD", "libm.so.6")
    monkeypatch.setenv("LD_LIBRARY_PATH", "/opt/lib:/opt/lib64")
    clock = ReplayClock(10.0)
    try:
        environ = clock.environment()
        assert environ["LD_PRELOAD"] == "libfaketime.so.1:libm.so.6"
        assert environ["LD_LIBRARY_PATH"].endswith(":/opt/lib:/opt/lib64")
        clock.check()
    finally:
        clock.close()


@pytest.mark.parametrize("speed", [0.5, 10.0])
def test_a_clock_that_has_no_effect_is_noticed_before_anything_waits_for_it(
    speed: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "libfaketime.so.1"
    broken.write_text("no library")
    monkeypatch.setattr(replay_clock, "find_library", lambda: broken)
    clock = ReplayClock(speed, horizon=60.0)
    try:
        with pytest.raises(StopProgram, match=f"1 times as fast instead of {speed:g} times.*--speed 1"):
            clock.check()
    finally:
        clock.close()


@pytest.mark.parametrize("speed", [0.5, 1.0, 720.0])
def test_a_clock_that_runs_as_asked_passes_its_check(speed: float) -> None:
    clock = ReplayClock(speed)
    try:
        clock.check()
    finally:
        clock.close()


def test_shared_memory_that_cannot_be_used_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay_clock, "_SHARED_MEMORY", tmp_path / "missing")
    with pytest.raises(StopProgram, match=r"missing: No such file or directory.*--speed 1"):
        ReplayClock(10.0)
