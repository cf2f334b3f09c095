"""Runs the test of a guard in a copy of the source tree from which the guard is removed.

The original tree is never changed.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from xml.etree import ElementTree as ET  # nosec B405 # reads what pytest wrote

from devtools.guards.entries import Guard
from devtools.guards.removal import without_guard
from services.common.settings.settings import PROJECT_ROOT

TEST_SECONDS = 400.0
PATIENCE_SECONDS = 30
"""The time in seconds that tests wait for an event; without the guard, it does not occur in most of the tests."""
_FAILED, _PASSED, _NOT_RUN = 1, 0, 2
_running: set[int] = set()  # process ids of the tests; each leads a process group


class Verdict(StrEnum):
    """What happened when a test ran without a guard. Every guard should end as NOTICED."""

    NOTICED = "noticed"  # the test failed without the guard
    MISSED = "missed"  # the test passed without the guard
    BROKEN = "broken"  # the test could not be run


@dataclass(frozen=True, slots=True)
class Trial:
    """The trial of one guard; `output` is the end of what its test printed."""

    guard: Guard
    verdict: Verdict
    seconds: float
    output: str


def copy_tree(target: Path) -> None:
    """Copy the tree as it is now, including uncommitted files, but without the files that git ignores."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=PROJECT_ROOT, check=True, capture_output=True).stdout  # noqa: S603 - ours
    for name in filter(None, listed.decode().split("\0")):
        source, copy = PROJECT_ROOT / name, target / name
        if source.is_file():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, copy)


def try_without(root: Path, guard: Guard) -> Trial:
    """Remove a guard from the copy at `root`, run its test there, and restore the guard.

    Raises:
        StopProgram: the guard's entry does not fit the code.
    """
    texts = without_guard(root, guard)
    before = {path: path.read_text(encoding="utf-8") for path in texts}
    begin = time.monotonic()
    try:
        _write(texts)
        status, output = run_test(root, guard.test)
    finally:
        _write(before)
    verdict = {_FAILED: Verdict.NOTICED, _PASSED: Verdict.MISSED}.get(status, Verdict.BROKEN)
    return Trial(guard, verdict, time.monotonic() - begin, output[-3_000:])


def run_test(root: Path, test: str) -> tuple[int, str]:
    """Run a test in the copy; returns 0 (passed), 1 (failed) or 2 (could not be run), and the test's output."""
    report = root / "report.xml"
    report.unlink(missing_ok=True)
    command = [
        sys.executable,
        "-P",
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        f"--junitxml={report}",
        test,
    ]
    with subprocess.Popen(  # noqa: S603 - pytest
        command,
        cwd=root,
        env=_environ(root),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        _running.add(process.pid)
        try:
            output, _ = process.communicate(timeout=TEST_SECONDS)
        except subprocess.TimeoutExpired:
            return _NOT_RUN, f"not done within {TEST_SECONDS:.0f} s"
        finally:
            _running.discard(process.pid)
            _kill_group(process.pid)  # ends the processes that the test started
    return _status(report), output


def end_running() -> None:
    """Kill the tests that are running, for example after Ctrl-C."""
    for pid in list(_running):
        _kill_group(pid)


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def _status(report: Path) -> int:
    if not report.exists():
        return _NOT_RUN
    suites = list(ET.parse(report).getroot().iter("testsuite"))  # noqa: S314 - pytest wrote it just now # nosec B314
    counts = {
        name: sum(int(suite.get(name, 0)) for suite in suites) for name in ("tests", "failures", "errors")
    }
    if counts["failures"]:
        return _FAILED
    skipped = sum(int(suite.get("skipped", 0)) for suite in suites)
    return _PASSED if counts["tests"] > skipped and not counts["errors"] else _NOT_RUN


def _environ(root: Path) -> Mapping[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": f"{root}{os.pathsep}{root / 'user_data' / 'strategies'}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "CHAOS_PATIENCE_SECONDS": str(PATIENCE_SECONDS),
    }


def _write(texts: Mapping[Path, str]) -> None:
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")
