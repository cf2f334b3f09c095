"""Another user of this machine leaves Python modules where an operator stands when he calls ./cryptoboy, as in /tmp.

None of them may run, whatever PYTHONPATH the operator's environment has: an entry that is empty or relative is the
folder in which he stands, and `PYTHONPATH=$PYTHONPATH:/some/folder` makes such an entry where it was unset.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from services.common.settings.folders import STRATEGIES
from services.common.settings.settings import PROJECT_ROOT

LAUNCHER = PROJECT_ROOT / "cryptoboy"


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """An environment of our Python that shows where it would look for modules, in place of our command line."""
    binaries = tmp_path / "venv" / "bin"
    binaries.mkdir(parents=True)
    shows = "import os, sys; print(sys.path, os.environ.get('PYTHONINSPECT'))"
    (binaries / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -S -c "{shows}"\n')
    (binaries / "python").chmod(0o755)
    shutil.copy(PROJECT_ROOT / "requirements/operator.lock", binaries.parent / ".installed-operator.lock")
    return binaries.parent


@pytest.mark.parametrize(
    "given", [":", "", "::", ":/opt/x", "/opt/x:", "/opt/x::/opt/y", ".", "lib:../lib", "*:./", "~"]
)
def test_nothing_is_looked_for_where_the_operator_stands(tmp_path: Path, python: Path, given: str) -> None:
    (tmp_path / "lib").mkdir()
    environ = {
        "PYTHONPATH": given,
        "CRYPTOBOY_VENV": str(python),
        "PYTHONINSPECT": "1",
        "PATH": os.environ["PATH"],
    }
    done = subprocess.run(
        [LAUNCHER, "pause"],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    shown, _, inspects = done.stdout.strip().rpartition(" ")
    paths = shown.strip("[]").replace("'", "").split(", ")
    assert not [path for path in paths if not path.startswith("/") or path.startswith(str(tmp_path))]
    assert paths[: 2 + given.count("/opt/")] == [
        str(PROJECT_ROOT),
        str(STRATEGIES),
        *[each for each in given.split(":") if "/opt/" in each],
    ]
    assert inspects == "None"
