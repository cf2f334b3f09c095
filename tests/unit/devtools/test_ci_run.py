"""The last steps of `.ci/run`: containers that were not run are said, what they find fails, all end in time."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from services.common.settings.settings import PROJECT_ROOT

FIRST, LAST = 'step "install"', 'step "faults'
INSTALL = "test tests/install --quiet --numprocesses=2 --dist=loadfile --durations=5"
LONG = "test tests/long --quiet --numprocesses=3 --dist=worksteal --durations=10"
FAULTS = "test tests/chaos --quiet --numprocesses=2 --dist=loadfile --durations=10"
SYSTEM = "test tests/containers --ignore=tests/containers/operation --quiet --durations=10"
OPERATION = "test tests/containers/operation --quiet --numprocesses=2 --dist=loadfile --durations=10"


def last_steps(folder: Path, cryptoboy: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run `.ci/run` from the faults on, with a `./cryptoboy` that is this shell script."""
    text = (PROJECT_ROOT / ".ci" / "run").read_text()
    assert text.count(FIRST) == text.count(LAST) == 1
    (folder / ".ci").mkdir()
    (folder / ".ci" / "run").write_text(text[: text.index(FIRST)] + text[text.index(LAST) :])
    (folder / "cryptoboy").write_text(f"#!/bin/bash\n{cryptoboy}\n")
    (folder / "cryptoboy").chmod(0o755)
    own = {name: value for name, value in os.environ.items() if not name.startswith("CI_")}
    return subprocess.run(
        ["bash", str(folder / ".ci" / "run")],
        env={**own, **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def test_containers_that_were_not_run_are_the_last_lines_and_no_failure(tmp_path: Path) -> None:
    ran = last_steps(tmp_path, '[[ "$*" != *tests/containers* ]] || exit 77')
    assert ran.returncode == 0
    said = [line.partition(":")[0] for line in ran.stdout.splitlines()[-2:]]
    assert said == ["containers NOT RUN", "containers (operation) NOT RUN"]


def test_steps_that_pass_leave_nothing_to_say(tmp_path: Path) -> None:
    ran = last_steps(tmp_path, f'echo "$*" >> {tmp_path}/ran')
    assert ran.returncode == 0
    assert (tmp_path / "ran").read_text().splitlines() == [FAULTS, SYSTEM, INSTALL, LONG, OPERATION]
    assert "remains" not in ran.stdout


@pytest.mark.parametrize("command", [FAULTS, SYSTEM, INSTALL, LONG, OPERATION])
@pytest.mark.parametrize("status", [1, 2, 5])
def test_what_they_find_fails(command: str, status: int, tmp_path: Path) -> None:
    ran = last_steps(tmp_path, f'[ "$*" != "{command}" ] || exit {status}')
    assert ran.returncode == status
    assert "NOT RUN" not in ran.stdout


CLEANS_UP = 'sleep 60 & trap "kill $!; sleep 0.5; echo taken down; exit {status}" TERM; wait'


@pytest.mark.parametrize(
    ("command", "limit"), [(FAULTS, "CI_FAULTS_TIME_LIMIT"), (SYSTEM, "CI_CONTAINERS_TIME_LIMIT")]
)
def test_at_their_limit_they_are_asked_to_end_and_waited_for(
    command: str, limit: str, tmp_path: Path
) -> None:
    hangs = f'[ "$*" = "{command}" ] || exit 0\n{CLEANS_UP.format(status=2)}'
    ran = last_steps(tmp_path, hangs, **{limit: "1"})
    assert ran.returncode == 124
    assert "taken down" in ran.stdout


@pytest.mark.parametrize("command", [INSTALL, OPERATION])
@pytest.mark.parametrize(("status", "ends_with"), [(2, 0), (1, 1)])
def test_what_may_take_the_time_that_is_left_is_asked_to_end_and_what_failed_until_then_fails(
    command: str, status: int, ends_with: int, tmp_path: Path
) -> None:
    hangs = f'[ "$*" = "{command}" ] || exit 0\n{CLEANS_UP.format(status=status)}'
    ran = last_steps(tmp_path, hangs, CI_TIME_LIMIT="66", CI_TIME_TO_END="60", CI_LEAST_TIME="1")
    assert ran.returncode == ends_with
    assert "taken down" in ran.stdout
    assert ("NOT RUN to the end" in ran.stdout) == (status == 2)


def test_without_time_it_is_said_that_nothing_was_tested(tmp_path: Path) -> None:
    ran = last_steps(tmp_path, f'[ "$*" = "{FAULTS}" ] || [ "$*" = "{SYSTEM}" ]', CI_TIME_LIMIT="62")
    assert ran.returncode == 0
    nothing = "NOT RUN: too few of 62 s are left, nothing of it was tested"
    names = ("first installation", "long runs", "containers (operation)")
    assert ran.stdout.splitlines()[-3:] == [f"{name} {nothing}" for name in names]


def test_all_steps_together_may_take_75_minutes() -> None:
    text = (PROJECT_ROOT / ".ci" / "run").read_text()
    limits = dict(line.split("=${", 1) for line in text.splitlines() if "_TIME_LIMIT:-" in line)
    seconds = {name: int(value.partition(":-")[2].rstrip("}")) for name, value in limits.items()}
    assert seconds["limit"] + 30 <= 75 * 60  # 30: what it is given to end
    assert seconds["faults_limit"] == 25 * 60
    assert seconds["containers_limit"] == 20 * 60
