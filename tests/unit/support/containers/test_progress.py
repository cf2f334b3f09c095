"""A run of the container tests that is stopped says how much was tested, and has failed if one of its tests had."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from services.common.settings.settings import PROJECT_ROOT

CONFTEST = """
from tests.support.containers.progress import Progress

def pytest_configure(config):
    config.pluginmanager.register(Progress(config), "containers-progress")
"""
TESTS = """
def test_first():
    assert {first}

def test_that_is_stopped():
    raise KeyboardInterrupt
"""


@pytest.mark.parametrize(
    ("first", "status", "last"),
    [
        (True, 2, "interrupted: 1 passed, 0 failed, the others were not run"),
        (False, 1, "interrupted: 0 passed, 1 failed, the others were not run"),
    ],
)
def test_what_failed_before_the_end_fails_the_run(
    first: bool, status: int, last: str, tmp_path: Path
) -> None:
    (tmp_path / "pytest.ini").touch()
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_it.py").write_text(TESTS.format(first=first))
    command = [sys.executable, "-m", "pytest", "--quiet", "test_it.py"]
    ran = subprocess.run(
        command,
        cwd=tmp_path,
        env={"PYTHONPATH": str(PROJECT_ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout.splitlines()[-1] == last
    assert ran.returncode == status
