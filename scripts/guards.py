#!/usr/bin/env python3
"""Check that a test fails when a guard of the pipeline is removed; see `--help`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PYTHON = Path(os.environ.get("CRYPTOBOY_VENV", ROOT / ".venv")) / "bin" / "python"

if __name__ == "__main__":
    if not PYTHON.exists():
        sys.exit(f"{PYTHON} is not there; run ./cryptoboy test --only-install first")
    environ = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT}/user_data/strategies"}
    os.execve(PYTHON, [str(PYTHON), "-P", "-m", "devtools.commands.guards", *sys.argv[1:]], environ)  # noqa: S606 - ours
