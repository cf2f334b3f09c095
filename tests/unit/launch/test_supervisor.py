from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from services.common.errors import StopProgram
from services.common.settings.settings import PROJECT_ROOT
from services.launch.supervisor import ProcessEnded, ProcessSpec, Role, Supervisor
from tests.support.processes import Program
from tests.support.waiting import eventually


def spec(name: str, code: str, **more: object) -> ProcessSpec:
    return ProcessSpec(name, [sys.executable, "-c", code], dict(os.environ), **more)  # type: ignore[arg-type]  # callables of the test


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(")")[-1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_closing_asks_every_program_to_end_and_waits_for_it(tmp_path: Path) -> None:
    code = (
        "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(0)); "
        "print('up', flush=True); time.sleep(60)"
    )
    with Supervisor(tmp_path) as supervisor:
        for name in ("one", "two"):
            supervisor.start(spec(name, code))
        while not all("up" in supervisor.log(name).path.read_text() for name in ("one", "two")):
            time.sleep(0.02)
        statuses = supervisor.close()
    assert statuses == {"two": 0, "one": 0}


def test_freqtrade_is_stopped_after_what_feeds_it_and_before_what_it_asks(tmp_path: Path) -> None:
    ends = tmp_path / "ends"
    with Supervisor(tmp_path) as supervisor:
        for name, role in (("redis", Role.SERVES), ("freqtrade", Role.TRADES), ("poller", Role.FEEDS)):
            code = (
                "import signal, sys, threading; ending = threading.Event();"
                "signal.signal(signal.SIGTERM, lambda *_: ending.set());"
                f"print('up', flush=True); ending.wait(60); open({str(ends)!r}, 'a').write('{name} ')"
            )
            supervisor.start(spec(name, code, role=role))
            while "up" not in supervisor.log(name).path.read_text():
                time.sleep(0.02)
        supervisor.close()
    assert ends.read_text().split() == ["poller", "freqtrade", "redis"]


def test_a_program_that_does_not_listen_is_killed_after_the_grace(tmp_path: Path) -> None:
    code = "import signal,time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    with Supervisor(tmp_path) as supervisor:
        supervisor.start(spec("deaf", code))
        while "up" not in supervisor.log("deaf").path.read_text():
            time.sleep(0.02)
        assert supervisor.stop("deaf", grace=0.2) == -9


def test_a_program_that_ends_by_itself_is_reported_with_the_end_of_its_log(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        failing = spec("failing", "print('the reason'); raise SystemExit(3)", is_ready=lambda: False)
        supervisor.start(failing)
        with pytest.raises(ProcessEnded, match=r"(?s)failing ended with status 3.*the reason"):
            supervisor.wait_ready([failing], timeout=20)


def test_while_it_waits_it_says_for_what(tmp_path: Path) -> None:
    told: list[str] = []
    with Supervisor(tmp_path) as supervisor:
        slow = spec("slow", "import time; time.sleep(60)", is_ready=lambda: len(told) == 2)
        supervisor.start(slow)
        supervisor.wait_ready([slow], timeout=60, tell=told.append, every=0.05)
    assert [line.partition(" since ")[0] for line in told] == ["waiting for slow"] * 2


def test_a_program_that_never_gets_ready_is_named(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        slow = spec("slow", "import time; time.sleep(60)", is_ready=lambda: False)
        supervisor.start(slow)
        with pytest.raises(StopProgram, match=r"not ready after 0 s: slow"):
            supervisor.wait_ready([slow], timeout=0.3)


def test_what_ended_is_told_once(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        supervisor.start(spec("short", "raise SystemExit(5)"))
        while not (ended := supervisor.ended()):
            time.sleep(0.02)
        assert ended == {"short": 5}
        assert supervisor.ended() == {}


def test_programs_do_not_outlive_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    code = f"""
import os, sys, time
from pathlib import Path
from services.launch.supervisor import ProcessSpec, Supervisor
supervisor = Supervisor(Path({str(tmp_path)!r}))
supervisor.start(ProcessSpec("child", [sys.executable, "-c", "import time; time.sleep(60)"], dict(os.environ)))
print(supervisor.pids()["child"], flush=True)
time.sleep(60)
"""
    with Program([sys.executable, "-c", code], cwd=PROJECT_ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
    eventually(lambda: not alive(child), "the child ends")
