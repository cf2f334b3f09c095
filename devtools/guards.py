"""Takes the pipeline's guards away, one at a time, and sees whether the tests notice.

`tests/chaos/guards.toml` says which guards there are. Everything happens in a copy of the tree.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from xml.etree import ElementTree as ET  # nosec B405 # reads what pytest wrote

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.common.errors import StopProgram
from services.common.settings.settings import PROJECT_ROOT

FILE = PROJECT_ROOT / "tests" / "chaos" / "guards.toml"
TEST_SECONDS = 400.0
PATIENCE_SECONDS = 30
"""For what the tests wait for; they are expected to wait in vain."""
_FAILED, _PASSED = 1, 0
_running: set[int] = set()  # tests, each the leader of a group of processes


class Edit(BaseModel):
    """A guard, or a part of it, where it stands."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    find: Annotated[str, Field(min_length=1)]
    instead: str


class Guard(BaseModel):
    """See the head of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    fault: str
    guard: str
    test: str
    edits: Annotated[tuple[Edit, ...], Field(min_length=1)]


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    guard: Annotated[tuple[Guard, ...], Field(min_length=1)]


class Verdict(StrEnum):
    """What a test said: NOTICED is as it should be."""

    NOTICED = "noticed"
    MISSED = "missed"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of taking a guard away; `said` is the end of what the test printed."""

    guard: Guard
    verdict: Verdict
    seconds: float
    said: str


def load_guards(path: Path = FILE, only: Sequence[str] = ()) -> tuple[Guard, ...]:
    """The guards of the file, or those of them that are named.

    Raises:
        StopProgram: the file has a mistake, or there is no such guard.
    """
    try:
        guards = _File.model_validate(tomllib.loads(path.read_text(encoding="utf-8"))).guard
    except (OSError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise StopProgram(f"{path} cannot be used: {error}") from None
    names = [guard.name for guard in guards]
    if len(set(names)) != len(names):
        raise StopProgram(f"{path}: a name is there twice")
    if missing := set(only) - set(names):
        raise StopProgram(f"there is no guard {', '.join(sorted(missing))}; there are {', '.join(names)}")
    return tuple(guard for guard in guards if not only or guard.name in only)


def without(text: str, edit: Edit) -> str:
    """The text without the guard. Raises StopProgram unless the guard is there exactly once."""
    if (count := text.count(edit.find)) != 1:
        raise StopProgram(
            f"{edit.file} has this {count} times, not once; change tests/chaos/guards.toml with it:\n{edit.find}"
        )
    return text.replace(edit.find, edit.instead)


def edited(root: Path, guard: Guard) -> dict[Path, str]:
    """The files as they are without the guard. Raises StopProgram: see `without`."""
    texts: dict[Path, str] = {}
    for edit in guard.edits:
        path = root / edit.file
        texts[path] = without(texts.get(path) or path.read_text(encoding="utf-8"), edit)
    return texts


def copy_tree(target: Path) -> None:
    """The tree as it is now, with what is not committed yet, without what git ignores."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=PROJECT_ROOT, check=True, capture_output=True).stdout  # noqa: S603 - ours
    for name in filter(None, listed.decode().split("\0")):
        source, copy = PROJECT_ROOT / name, target / name
        if source.is_file():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, copy)


def take_away(root: Path, guard: Guard) -> Outcome:
    """Take a guard away in the copy at `root`, run its test there, and put the guard back."""
    texts = edited(root, guard)
    before = {path: path.read_text(encoding="utf-8") for path in texts}
    begin = time.monotonic()
    try:
        _write(texts)
        status, said = run_test(root, guard.test)
    finally:
        _write(before)
    verdict = {_FAILED: Verdict.NOTICED, _PASSED: Verdict.MISSED}.get(status, Verdict.BROKEN)
    return Outcome(guard, verdict, time.monotonic() - begin, said[-3_000:])


def run_test(root: Path, test: str) -> tuple[int, str]:
    """Run a test in the copy; 0 if it passed, 1 if it failed, 2 if it could not be run; and what it printed."""
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
            said, _ = process.communicate(timeout=TEST_SECONDS)
        except subprocess.TimeoutExpired:
            return 2, f"not done within {TEST_SECONDS:.0f} s"
        finally:
            _running.discard(process.pid)
            _kill_group(process.pid)  # what a test started ends with it
    return _status(report), said


def end_running() -> None:
    """End the tests that are running, as on Ctrl-C."""
    for pid in list(_running):
        _kill_group(pid)


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def _status(report: Path) -> int:
    if not report.exists():
        return 2
    suites = list(ET.parse(report).getroot().iter("testsuite"))  # noqa: S314 - pytest wrote it just now # nosec B314
    counts = {
        name: sum(int(suite.get(name, 0)) for suite in suites) for name in ("tests", "failures", "errors")
    }
    if counts["failures"]:
        return _FAILED
    skipped = sum(int(suite.get("skipped", 0)) for suite in suites)
    return _PASSED if counts["tests"] > skipped and not counts["errors"] else 2


def _environ(root: Path) -> Mapping[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": str(root),
        "PYTHONDONTWRITEBYTECODE": "1",
        "CHAOS_PATIENCE_SECONDS": str(PATIENCE_SECONDS),
    }


def _write(texts: Mapping[Path, str]) -> None:
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")
