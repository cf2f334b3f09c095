"""A run of tests that is stopped has failed if one of its tests had, and may else be called incomplete."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from services.common.settings.settings import PROJECT_ROOT

TESTS = """
import os, signal

def test_first():
    assert {first}

def test_that_is_stopped():
    os.kill(os.getpid(), signal.SIGTERM)

def test_last():
    raise SystemExit("runs")
"""


@pytest.mark.parametrize(("first", "status"), [(True, 2), (False, 1)])
def test_what_failed_before_the_end_fails_the_run(first: bool, status: int, tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").touch()
    shutil.copy(PROJECT_ROOT / "tests" / "conftest.py", tmp_path)
    (tmp_path / "test_it.py").write_text(TESTS.format(first=first))
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "--quiet", "test_it.py"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(PROJECT_ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 passed" in ran.stdout if first else "1 failed" in ran.stdout
    assert ran.returncode == status
