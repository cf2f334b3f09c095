"""Environments with other versions of Freqtrade than the one of these tests, made once for each machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from cryptoboy_sentiment.version import NEWEST_FREQTRADE, OLDEST_FREQTRADE

VERSIONS = tuple(f"{year}.{month}" for year, month in (OLDEST_FREQTRADE, (2026, 4), NEWEST_FREQTRADE))
_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cryptoboy-tests"


def python_with_freqtrade(version: str) -> Path:
    """The Python of an environment with this version of Freqtrade and with redis, as a user's bot has them."""
    folder = _CACHE / f"freqtrade-{version}-python{sys.version_info.major}.{sys.version_info.minor}"
    python, complete = folder / "bin" / "python", folder / ".complete"
    if not complete.exists():
        shutil.rmtree(folder, ignore_errors=True)
        uv = shutil.which("uv", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
        if uv:
            _run([uv, "venv", "--quiet", "--python", sys.executable, str(folder)])
            pip = [uv, "pip", "install", "--compile-bytecode", "--python", str(python)]
        else:
            _run([sys.executable, "-m", "venv", str(folder)])
            pip = [str(python), "-m", "pip", "install"]
        # Of its own time: without it, hyperopt of these versions does not start.
        older = [] if version == VERSIONS[-1] else ["joblib<1.6"]
        _run([*pip, "--quiet", f"freqtrade[hyperopt]=={version}", "redis", *older])
        complete.touch()
    return python


def _run(command: list[str]) -> None:
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    assert ran.returncode == 0, f"{command}: {ran.stderr[-2000:]}"
